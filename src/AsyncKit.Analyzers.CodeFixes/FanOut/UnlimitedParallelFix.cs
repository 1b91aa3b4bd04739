using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0004: sets a limit for I/O.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class UnlimitedParallelFix() : RuleFix("Set a limit with 'FanOutAsync'", Rules.UnlimitedParallel.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(
            target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call
            && KnownSymbols.Of(target.Model.Compilation) is { } symbols
            && target.Model.GetOperation(call, cancellationToken) is IInvocationOperation operation
            && UnlimitedParallel.Of(operation, symbols) is { } found
                ? target.With(CallRewrite.Apply(target.Document, target.Root, target.Model, found, cancellationToken))
                : null);
}
