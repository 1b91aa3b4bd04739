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
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var loop = target.Node.FirstAncestorOrSelf<ForStatementSyntax>();
        var changed = loop is not null
            && RetryLoop.Of(loop, target.Model, cancellationToken) is { } retry
            && RetriedOperation.Of(retry, target.Model, cancellationToken) is { } operation
                ? target.Root.Replace(loop, loop, Statement(retry, operation))
                : null;
        return Task.FromResult(target.With(changed?.WithImport(target.Model, target.Node.SpanStart, Imports.AsyncKit)));
    }

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
