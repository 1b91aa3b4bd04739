using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace AsyncKit.Analyzers;

/// <summary>AK0010: retries with <c>Retry.RunAsync</c>, if the loop does exactly what that does.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class HandwrittenRetryFix() : RuleFix("Use 'Retry.RunAsync'", Rules.HandwrittenRetry.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult(target.With(target.Node.FirstAncestorOrSelf<ForStatementSyntax>() is { } loop
            ? Rewrite(target.Root, target.Model, loop, mayCatchCancellation: false, cancellationToken)
            : null));

    internal static SyntaxNode? Rewrite(
        SyntaxNode root, SemanticModel model, ForStatementSyntax loop, bool mayCatchCancellation, CancellationToken cancellationToken) =>
        RetryLoop.Of(loop, model, mayCatchCancellation, cancellationToken) is { } retry
        && RetriedOperation.Of(retry, model, cancellationToken) is { } operation
            ? root.Replace(loop, loop, Statement(retry, operation))?.WithImport(model, loop.SpanStart, Imports.AsyncKit)
            : null;

    private static StatementSyntax Statement(RetryLoop retry, RetriedOperation operation)
    {
        var options = "new global::AsyncKit.RetryOptions { MaxAttempts = " + retry.MaxAttempts
            + ", ShouldRetry = " + retry.ShouldRetry
            + ", Backoff = global::AsyncKit.Backoff.Constant(" + retry.Delay + ") }";
        return Generated
            .Statement(operation.Prefix + "await global::AsyncKit.Retry.RunAsync(" + operation.Lambda + ", " + options
                + (operation.Token is null ? "" : ", " + operation.Token) + ")" + retry.Configuration + ";")
            .WithAdditionalAnnotations(Formatter.Annotation);
    }
}
