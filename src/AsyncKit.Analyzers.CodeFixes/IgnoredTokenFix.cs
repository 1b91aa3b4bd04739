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
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        if (node.FirstAncestorOrSelf<IdentifierNameSyntax>() is not { } passed
            || passed.FirstAncestorOrSelf<AnonymousFunctionExpressionSyntax>() is not { } lambda
            || OwnToken(lambda, model, cancellationToken) is not { } own)
        {
            return Task.FromResult<Document?>(null);
        }

        var rewritten = own.Identifier.ValueText is "_"
            ? lambda.ReplaceToken(own.Identifier, passed.Identifier.WithTriviaFrom(own.Identifier))
            : lambda.ReplaceNode(passed, SyntaxFactory.IdentifierName(own.Identifier.Text).WithTriviaFrom(passed));
        if (!target.Diagnostic.Properties.ContainsKey(IgnoredTokenAnalyzer.CallHasNoToken))
        {
            return Task.FromResult(target.With(root.ReplaceNode(lambda, rewritten)));
        }

        return Task.FromResult(target.With(
            lambda.Parent is ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call }
            && model.GetSymbolInfo(call, cancellationToken).Symbol is IMethodSymbol method
            && ArgumentsWithToken(call.ReplaceNode(lambda, rewritten).ArgumentList, passed.Identifier.Text, method) is { } list
                ? root.ReplaceNode(call, call.WithArgumentList(list))
                : null));
    }

    /// <summary>The arguments of the call with the outer token, which the operation no longer passes on. Null if there is
    /// no parameter for it.</summary>
    private static ArgumentListSyntax? ArgumentsWithToken(ArgumentListSyntax list, string outer, IMethodSymbol method) =>
        method switch
        {
            { ContainingType.Name: "TaskScope" } => null,
            { ContainingType.Name: "Parallel" } => method.Parameters.Any(parameter => parameter.Type.Name is "ParallelOptions")
                ? null
                : TokenArguments.With(list, outer, list.Arguments.Count - 1),
            _ => TokenArguments.With(
                list, outer, list.Arguments.Count == method.Parameters.Length - 1 ? null : "cancellationToken"),
        };

    /// <summary>The parameter itself and not one of a copy: a lambda with one parameter has no list.</summary>
    private static ParameterSyntax? OwnToken(
        AnonymousFunctionExpressionSyntax lambda, SemanticModel model, CancellationToken cancellationToken) =>
        lambda.DescendantNodes().OfType<ParameterSyntax>()
            .LastOrDefault(parameter => (parameter.Parent == lambda || parameter.Parent?.Parent == lambda)
                && TokenArguments.IsToken(model.GetDeclaredSymbol(parameter, cancellationToken)?.Type));
}
