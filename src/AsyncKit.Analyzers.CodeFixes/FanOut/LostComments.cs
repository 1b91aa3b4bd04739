using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Keeps the comments of code that a fix rewrites.</summary>
internal static class LostComments
{
    /// <summary>The rewritten code, with the comments that it lost on lines before it. Null if it lost a directive.</summary>
    public static TNode? Keep<TNode>(TNode rewritten, SyntaxNode original)
        where TNode : SyntaxNode
    {
        if (Directives(original) != Directives(rewritten))
        {
            return null;
        }

        var kept = In(rewritten).Select(comment => comment.ToString()).ToList();
        var lost = In(original).Where(comment => !kept.Remove(comment.ToString())).ToList();
        return lost.Count == 0
            ? rewritten
            : rewritten.WithLeadingTrivia(rewritten.GetLeadingTrivia().AddRange(Lines(lost, original)));
    }

    /// <summary>Comments on separate lines. The indentation of the code follows them.</summary>
    public static IEnumerable<SyntaxTrivia> Lines(IEnumerable<SyntaxTrivia> comments, SyntaxNode code)
    {
        var lineBreak = code.SyntaxTree.GetRoot().LineBreak();
        var indentation = code.LineIndentation();
        return comments.SelectMany(comment => new[] { comment, lineBreak }.Concat(indentation));
    }

    public static bool IsComment(SyntaxTrivia trivia) =>
        trivia.IsKind(SyntaxKind.SingleLineCommentTrivia) || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia);

    public static IEnumerable<SyntaxTrivia> In(SyntaxNode node) => node.DescendantTrivia().Where(IsComment);

    private static int Directives(SyntaxNode node) =>
        node.ContainsDirectives ? node.DescendantTrivia().Count(trivia => trivia.IsDirective) : 0;
}
