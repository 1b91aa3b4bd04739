using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>AK0005: passes the token of the operation. A discarded one gets the name of the other token.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class IgnoredTokenFix() : RuleFix("Pass the token of the operation", Rules.IgnoredToken.Id)
{
    private protected override Task<Document?> FixAsync(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, CancellationToken cancellationToken)
    {
        if (node.FirstAncestorOrSelf<IdentifierNameSyntax>() is not { } passed
            || passed.FirstAncestorOrSelf<LambdaExpressionSyntax>() is not { } lambda
            || OwnToken(lambda, model, cancellationToken) is not { } own)
        {
            return Task.FromResult<Document?>(null);
        }

        return Task.FromResult<Document?>(document.WithSyntaxRoot(own.Identifier.ValueText is "_"
            ? root.ReplaceToken(own.Identifier, passed.Identifier.WithTriviaFrom(own.Identifier))
            : root.ReplaceNode(passed, SyntaxFactory.IdentifierName(own.Identifier.Text).WithTriviaFrom(passed))));
    }

    /// <summary>The parameter itself and not one of a copy: a lambda with one parameter has no list.</summary>
    private static ParameterSyntax? OwnToken(
        LambdaExpressionSyntax lambda, SemanticModel model, CancellationToken cancellationToken) =>
        lambda.DescendantNodes().OfType<ParameterSyntax>()
            .LastOrDefault(parameter => (parameter.Parent == lambda || parameter.Parent?.Parent == lambda)
                && TokenArguments.IsToken(model.GetDeclaredSymbol(parameter, cancellationToken)?.Type));
}
