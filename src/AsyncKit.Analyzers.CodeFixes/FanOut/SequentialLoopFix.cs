using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0001: runs the body of the loop as the operation of a fan-out.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class SequentialLoopFix() : RuleFix("Run several at once with 'FanOutAsync'", Rules.SequentialLoop.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(
            target.Node.FirstAncestorOrSelf<ForEachStatementSyntax>() is { } loop
            && KnownSymbols.Of(target.Model.Compilation) is { } symbols
            && target.Model.GetOperation(loop, cancellationToken) is IForEachLoopOperation operation
            && SequentialLoop.Of(operation, symbols) is { } shape
                ? target.With(LoopRewrite.Apply(target.Document, target.Root, target.Model, shape, cancellationToken))
                : null);
}
