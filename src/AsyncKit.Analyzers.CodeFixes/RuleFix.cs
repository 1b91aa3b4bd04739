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
            var target = new FixTarget(context.Document, root, before, diagnostic);
            var changed = await FixSolutionAsync(target, context.CancellationToken).ConfigureAwait(false);
            if (changed is not null && await ChangedSolution.IsSoundAsync(
                context.Document, ChangedPart(target.Node), changed, MustRemoveAnError, context.CancellationToken).ConfigureAwait(false))
            {
                var original = context.Document.Project.Solution;
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
}
