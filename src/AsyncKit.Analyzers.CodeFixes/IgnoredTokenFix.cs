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
            || Parameters(lambda).LastOrDefault(parameter => TokenArguments.IsToken(
                model.GetDeclaredSymbol(parameter, cancellationToken)?.Type)) is not { } own)
        {
            return Task.FromResult<Document?>(null);
        }

        return Task.FromResult<Document?>(document.WithSyntaxRoot(own.Identifier.ValueText is "_"
            ? root.ReplaceToken(own.Identifier, passed.Identifier.WithTriviaFrom(own.Identifier))
            : root.ReplaceNode(passed, SyntaxFactory.IdentifierName(own.Identifier.Text).WithTriviaFrom(passed))));
    }

    private static IEnumerable<ParameterSyntax> Parameters(LambdaExpressionSyntax lambda) => lambda switch
    {
        SimpleLambdaExpressionSyntax simple => [simple.Parameter],
        ParenthesizedLambdaExpressionSyntax parenthesized => parenthesized.ParameterList.Parameters,
        _ => [],
    };
}
