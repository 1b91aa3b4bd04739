using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Removes statements and keeps their comments.</summary>
internal static class Statements
{
    /// <summary>The root without a statement. Its comments move to the next one.</summary>
    public static SyntaxNode Remove(SyntaxNode root, StatementSyntax statement, bool keepComments)
    {
        var node = statement.Parent is GlobalStatementSyntax global ? (SyntaxNode)global : statement;
        var next = node.GetLastToken().GetNextToken(includeZeroWidth: true);
        var leading = node.GetLeadingTrivia();
        var endsLine = node.GetTrailingTrivia().Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia));
        List<SyntaxTrivia> kept = keepComments
            ? [.. leading.Take(endsLine ? leading.Count - node.Indentation().Count : leading.Count)]
            : [.. leading.TakeWhile(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia))];
        var trailing = keepComments ? node.GetTrailingTrivia().Where(Comments.IsComment).ToList() : [];
        if (trailing.Count > 0)
        {
            kept.AddRange(node.Indentation());
            kept.AddRange(trailing.SelectMany(comment => new[] { comment, root.LineBreak() }));
        }

        var annotation = new SyntaxAnnotation();
        var changed = root.ReplaceSyntax(
            nodes: [node],
            computeReplacementNode: (_, one) => one.WithAdditionalAnnotations(annotation),
            tokens: [next],
            computeReplacementToken: (_, token) => token.WithLeadingTrivia(kept.Concat(token.LeadingTrivia)),
            trivia: [],
            computeReplacementTrivia: (_, trivia) => trivia);
        return changed.RemoveNode(changed.GetAnnotatedNodes(annotation).Single(), SyntaxRemoveOptions.KeepNoTrivia)!;
    }

    /// <summary>The block of a using statement in place of the statement.</summary>
    public static SyntaxNode Unwrap(SyntaxNode root, UsingStatementSyntax scope) =>
        scope.Statement is BlockSyntax block
            ? root.ReplaceNode(scope, block.WithLeadingTrivia(scope.GetLeadingTrivia()))
            : root.ReplaceNode(scope, Indentation.Remove(scope.Statement, Indentation.Difference(scope.Statement, scope))
                .WithLeadingTrivia(scope.GetLeadingTrivia()));
}
