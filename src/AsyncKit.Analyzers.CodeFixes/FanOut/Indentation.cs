using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AsyncKit.Analyzers;

/// <summary>Moves code to the left, when a fix removes what it was nested in.</summary>
internal static class Indentation
{
    /// <summary>The difference between the indentation of the lines on which two nodes start.</summary>
    public static int Difference(SyntaxNode inner, SyntaxNode outer) =>
        inner.LineIndentation().ToFullString().Length - outer.LineIndentation().ToFullString().Length;

    /// <summary>The code without the first columns of each line but the first.</summary>
    public static TNode Remove<TNode>(TNode node, int columns)
        where TNode : SyntaxNode =>
        columns <= 0
            ? node
            : node.ReplaceTokens(
                node.DescendantTokens().Skip(1),
                (original, changed) => changed.WithLeadingTrivia(Shorten(changed.LeadingTrivia, StartsLine(original), columns)));

    private static bool StartsLine(SyntaxToken token) =>
        token.GetPreviousToken().TrailingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia));

    private static IEnumerable<SyntaxTrivia> Shorten(SyntaxTriviaList list, bool startsLine, int columns)
    {
        foreach (var trivia in list)
        {
            yield return startsLine && trivia.IsKind(SyntaxKind.WhitespaceTrivia)
                ? SyntaxFactory.Whitespace(trivia.ToString().Substring(Math.Min(columns, trivia.ToString().Length)))
                : trivia;
            startsLine = trivia.IsKind(SyntaxKind.EndOfLineTrivia) || trivia.IsDirective;
        }
    }
}
