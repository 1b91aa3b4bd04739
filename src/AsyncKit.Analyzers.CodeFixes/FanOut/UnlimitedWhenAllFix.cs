using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0002: starts the operations with a limit.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class UnlimitedWhenAllFix() : RuleFix("Limit the operations with 'FanOutAsync'", Rules.UnlimitedWhenAll.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(
            target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call
            && KnownSymbols.Of(target.Model.Compilation) is { } symbols
            && target.Model.GetOperation(call, cancellationToken) is IInvocationOperation operation
            && UnlimitedWhenAll.Of(operation, symbols) is { } found
                ? target.With(CallRewrite.Apply(target.Document, target.Root, target.Model, found, cancellationToken))
                : null);
}
