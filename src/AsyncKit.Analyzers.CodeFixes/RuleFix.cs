using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace AsyncKit.Analyzers;

/// <summary>The base class of the fixes. A fix is offered only if the changed document has no new compiler
/// error.</summary>
public abstract class RuleFix : CodeFixProvider
{
    private readonly string _title;
    private readonly string _key;

    private protected RuleFix(string title, params string[] ids)
    {
        _title = title;
        _key = ids[0];
        FixableDiagnosticIds = ImmutableArray.Create(ids);
    }

    /// <inheritdoc/>
    public sealed override ImmutableArray<string> FixableDiagnosticIds { get; }

    /// <inheritdoc/>
    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var before = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (before is null || root is null)
        {
            return;
        }

        foreach (var diagnostic in context.Diagnostics)
        {
            var node = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            var fixedDocument = await FixAsync(context.Document, root, before, node, context.CancellationToken)
                .ConfigureAwait(false);
            if (fixedDocument is null || !await CompilesAsync(before, fixedDocument, context.CancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            context.RegisterCodeFix(
                CodeAction.Create(_title, _ => Task.FromResult(fixedDocument), _key), diagnostic);
        }
    }

    /// <summary>Returns the changed document, or null if the rule has no fix for the code.</summary>
    private protected abstract Task<Document?> FixAsync(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, CancellationToken cancellationToken);

    private static async Task<bool> CompilesAsync(
        SemanticModel before, Document fixedDocument, CancellationToken cancellationToken)
    {
        var after = await fixedDocument.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        return after is not null && Errors(after, cancellationToken) <= Errors(before, cancellationToken);
    }

    private static int Errors(SemanticModel model, CancellationToken cancellationToken) =>
        model.GetDiagnostics(cancellationToken: cancellationToken)
            .Count(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
}
