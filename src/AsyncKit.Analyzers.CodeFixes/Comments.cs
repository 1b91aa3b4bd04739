using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Analyzers;

/// <summary>Keeps the comments of the code that a fix replaces.</summary>
internal static class Comments
{
    /// <summary>Whether every comment of the old code, and every directive such as <c>#if</c>, is in the new
    /// code.</summary>
    public static bool AreKept(SyntaxNode before, SyntaxNode after) =>
        Missing([before], after).Count == 0 && Directives(before) == Directives(after);

    /// <summary>The new node with the comments of the old nodes that it does not contain, on lines before it.</summary>
    public static TNode WithCommentsOf<TNode>(this TNode node, IEnumerable<SyntaxNode> old, SyntaxTrivia lineBreak)
        where TNode : SyntaxNode
    {
        var leading = node.GetLeadingTrivia();
        var indentation = node.Indentation();
        foreach (var comment in Missing(old, node))
        {
            leading = leading.Add(comment).Add(lineBreak).AddRange(indentation);
        }

        return node.WithLeadingTrivia(leading);
    }

    /// <summary>Whether a directive such as <c>#if</c> is inside the code.</summary>
    public static bool HasDirectives(SyntaxNode first, SyntaxNode last) =>
        first.SyntaxTree.GetRoot().DescendantTrivia(
                Microsoft.CodeAnalysis.Text.TextSpan.FromBounds(first.SpanStart, last.Span.End))
            .Any(trivia => trivia.IsDirective && trivia.SpanStart > first.SpanStart && trivia.SpanStart < last.Span.End);

    public static IEnumerable<SyntaxTrivia> In(SyntaxNode node) => node.DescendantTrivia().Where(IsComment);

    public static bool IsComment(SyntaxTrivia trivia) =>
        trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia);

    private static int Directives(SyntaxNode node) => node.DescendantTrivia().Count(trivia => trivia.IsDirective);

    private static List<SyntaxTrivia> Missing(IEnumerable<SyntaxNode> old, SyntaxNode node)
    {
        var present = In(node).Select(trivia => trivia.ToString())
            .GroupBy(text => text, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var missing = new List<SyntaxTrivia>();
        foreach (var comment in old.SelectMany(In))
        {
            var text = comment.ToString();
            if (present.TryGetValue(text, out var count) && count > 0)
            {
                present[text] = count - 1;
            }
            else
            {
                missing.Add(comment);
            }
        }

        return missing;
    }
}
