using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0003: gives the limit to a fan-out and removes the semaphore.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class HandWrittenLimitFix() : RuleFix("Give the limit to 'FanOutAsync'", Rules.HandWrittenLimit.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(
            target.Node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call
            && KnownSymbols.Of(target.Model.Compilation) is { } symbols
            && target.Model.GetOperation(call, cancellationToken) is IInvocationOperation operation
            && HandWrittenLimit.Of(operation, symbols) is { } found
                ? target.With(LimitRewrite.Apply(target.Root, target.Model, found, cancellationToken))
                : null);
}
