using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace AsyncKit.Analyzers;

/// <summary>AK0016: declares the lease with <c>using</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class UnreleasedLeaseFix() : RuleFix("Declare the lease with 'using'", Rules.UnreleasedLease.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        var statement = node.FirstAncestorOrSelf<StatementSyntax>();
        if (statement is null || !CanDeclare(statement))
        {
            return Task.FromResult<Document?>(null);
        }

        var isPool = node is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "RentAsync" } };
        var declaration = statement switch
        {
            LocalDeclarationStatementSyntax { Declaration.Variables.Count: 1 } local => local,
            ExpressionStatementSyntax { Expression: AwaitExpressionSyntax awaited } =>
                Declare(awaited, LeaseNames.For(statement)),
            ExpressionStatementSyntax { Expression: AssignmentExpressionSyntax { Right: AwaitExpressionSyntax awaited } } =>
                Declare(awaited, LeaseNames.For(statement)),
            _ => null,
        };
        return Task.FromResult(declaration is null
            ? null
            : target.Document.WithSyntaxRoot(root.ReplaceNode(statement, WithUsing(declaration, statement, isPool))));
    }

    /// <summary>A using declaration is legal in a block and at the top level, unless a goto could jump over it.</summary>
    private static bool CanDeclare(StatementSyntax statement) => statement.Parent switch
    {
        BlockSyntax block => !block.Statements.Any(SyntaxKind.LabeledStatement),
        GlobalStatementSyntax global => !global.Parent!.ChildNodes().OfType<GlobalStatementSyntax>()
            .Any(other => other.Statement.IsKind(SyntaxKind.LabeledStatement)),
        _ => false,
    };

    private static LocalDeclarationStatementSyntax Declare(AwaitExpressionSyntax awaited, string name) =>
        SyntaxFactory.LocalDeclarationStatement(SyntaxFactory.VariableDeclaration(
            SyntaxFactory.IdentifierName("var"),
            SyntaxFactory.SingletonSeparatedList(SyntaxFactory.VariableDeclarator(
                SyntaxFactory.Identifier(name),
                argumentList: null,
                SyntaxFactory.EqualsValueClause(awaited.WithoutLeadingTrivia())))));

    private static LocalDeclarationStatementSyntax WithUsing(
        LocalDeclarationStatementSyntax declaration, StatementSyntax original, bool isPool) => declaration
        .WithoutLeadingTrivia()
        .WithAwaitKeyword(isPool ? SyntaxFactory.Token(SyntaxKind.AwaitKeyword).WithTrailingTrivia(SyntaxFactory.Space) : default)
        .WithUsingKeyword(SyntaxFactory.Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(SyntaxFactory.Space))
        .WithTriviaFrom(original)
        .WithAdditionalAnnotations(Formatter.Annotation);
}
