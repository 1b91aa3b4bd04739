using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace AsyncKit.Analyzers;

/// <summary>AK0012: moves the wait before the try, if it is the first statement there.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class UnacquiredPermitFix() : RuleFix("Wait before the 'try'", Rules.UnacquiredPermit.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        var statement = node.FirstAncestorOrSelf<ExpressionStatementSyntax>();
        return Task.FromResult(
            statement is { Expression: AwaitExpressionSyntax awaited, Parent: BlockSyntax { Parent: TryStatementSyntax { Catches.Count: 0 } @try } body }
            && @try.Block == body
            && body.Statements[0] == statement
            && model.GetTypeInfo(awaited, cancellationToken).Type?.SpecialType == SpecialType.System_Void
                ? Move(target.Document, root, statement, @try)
                : null);
    }

    private static Document? Move(Document document, SyntaxNode root, ExpressionStatementSyntax statement, TryStatementSyntax @try)
    {
        var lineBreak = root.LineBreak();
        var moved = statement
            .WithLeadingTrivia(@try.GetLeadingTrivia().AddRange(Comments(statement.GetLeadingTrivia())))
            .WithTrailingTrivia(EndsLine(statement) ? statement.GetTrailingTrivia() : SyntaxFactory.TriviaList(lineBreak))
            .WithAdditionalAnnotations(Formatter.Annotation);
        var shortened = @try
            .WithBlock(@try.Block.WithStatements(WithoutFirst(@try.Block.Statements)))
            .WithLeadingTrivia(@try.Indentation());
        return @try.Parent switch
        {
            BlockSyntax block => document.WithSyntaxRoot(root.ReplaceNode(
                block, block.WithStatements(block.Statements.ReplaceRange(@try, [moved, shortened])))),
            GlobalStatementSyntax { Parent: CompilationUnitSyntax unit } global => document.WithSyntaxRoot(
                unit.WithMembers(unit.Members.ReplaceRange(
                    global, [SyntaxFactory.GlobalStatement(moved), SyntaxFactory.GlobalStatement(shortened)]))),
            _ => null,
        };
    }

    /// <summary>The comments of the statement. Its indentation follows them, as before the try.</summary>
    private static IEnumerable<SyntaxTrivia> Comments(SyntaxTriviaList trivia) =>
        trivia.Any(part => part.IsKind(SyntaxKind.SingleLineCommentTrivia) || part.IsKind(SyntaxKind.MultiLineCommentTrivia))
            ? trivia.SkipWhile(part => part.IsKind(SyntaxKind.WhitespaceTrivia) || part.IsKind(SyntaxKind.EndOfLineTrivia))
            : [];

    private static bool EndsLine(SyntaxNode statement) =>
        statement.GetTrailingTrivia().Any(part => part.IsKind(SyntaxKind.EndOfLineTrivia));

    /// <summary>Without the first statement and the empty lines after it.</summary>
    private static SyntaxList<StatementSyntax> WithoutFirst(SyntaxList<StatementSyntax> statements)
    {
        var rest = statements.RemoveAt(0);
        if (rest.Count == 0)
        {
            return rest;
        }

        var trivia = rest[0].GetLeadingTrivia();
        while (trivia.Count > 0 && trivia[0].IsKind(SyntaxKind.EndOfLineTrivia))
        {
            trivia = trivia.RemoveAt(0);
        }

        return rest.Replace(rest[0], rest[0].WithLeadingTrivia(trivia));
    }
}
