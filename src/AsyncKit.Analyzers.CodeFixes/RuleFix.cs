using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>The base class of the fixes. A fix is offered only if the changed documents have all comments and no new
/// compiler error.</summary>
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

    /// <summary>Whether the fixed document must have fewer compiler errors, since the fix is for one of them.</summary>
    private protected virtual bool MustRemoveAnError => false;

    /// <summary>Whether a fix may change more than the document of its diagnostic.</summary>
    private protected virtual bool ChangesOtherDocuments => false;

    /// <inheritdoc/>
    public sealed override FixAllProvider GetFixAllProvider() =>
        ChangesOtherDocuments ? new SequentialFixAll(_title, SoundFixAsync) : FixAllProvider.Create(FixAllAsync);

    /// <inheritdoc/>
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        var original = context.Document.Project.Solution;
        foreach (var diagnostic in context.Diagnostics)
        {
            if (await SoundFixAsync(context.Document, diagnostic, context.CancellationToken).ConfigureAwait(false) is { } changed)
            {
                context.RegisterCodeFix(
                    CodeAction.Create(_title, token => ChangedSolution.CleanUpAsync(original, changed, token), _key), diagnostic);
            }
        }
    }

    /// <summary>Returns the changed document, or null if the rule has no fix for the code.</summary>
    private protected virtual Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<Document?>(null);

    /// <summary>Returns the changed solution, for a rule whose fix changes several documents; otherwise that of
    /// <see cref="FixAsync"/>.</summary>
    private protected virtual async Task<Solution?> FixSolutionAsync(FixTarget target, CancellationToken cancellationToken) =>
        (await FixAsync(target, cancellationToken).ConfigureAwait(false))?.Project.Solution;

    /// <summary>The part of the document where the fix may cause a compiler error.</summary>
    private protected virtual TextSpan ChangedPart(SyntaxNode node) => ChangedSolution.MemberOf(node);

    private async Task<Solution?> SoundFixAsync(Document document, Diagnostic diagnostic, CancellationToken cancellationToken) =>
        await FixTarget.OfAsync(document, diagnostic, cancellationToken).ConfigureAwait(false) is { } target
            ? await SoundFixAsync(target, cancellationToken).ConfigureAwait(false)
            : null;

    private async Task<Solution?> SoundFixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var changed = await FixSolutionAsync(target, cancellationToken).ConfigureAwait(false);
        return changed is not null && await ChangedSolution.IsSoundAsync(
            target.Document, ChangedPart(target.Node), changed, MustRemoveAnError, cancellationToken).ConfigureAwait(false)
            ? changed
            : null;
    }

    private async Task<Document?> FixAllAsync(FixAllContext context, Document document, ImmutableArray<Diagnostic> diagnostics)
    {
        var original = document.Project.Solution;
        var text = await document.GetTextAsync(context.CancellationToken).ConfigureAwait(false);
        var merged = new MergedChanges();
        foreach (var diagnostic in diagnostics.OrderBy(diagnostic => diagnostic.Location.SourceSpan.Start))
        {
            if (await SoundFixAsync(document, diagnostic, context.CancellationToken).ConfigureAwait(false) is { } changed)
            {
                var clean = await ChangedSolution.CleanUpAsync(original, changed, context.CancellationToken).ConfigureAwait(false);
                merged.Add(LineDiff.Between(
                    text, await clean.GetDocument(document.Id)!.GetTextAsync(context.CancellationToken).ConfigureAwait(false)));
            }
        }

        return document.WithText(text.WithChanges(merged.InOrder));
    }
}
