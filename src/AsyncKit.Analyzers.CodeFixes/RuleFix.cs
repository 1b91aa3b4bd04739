using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
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
            if (changed is not null && await IsSoundAsync(target, changed, context.CancellationToken).ConfigureAwait(false))
            {
                context.RegisterCodeFix(CodeAction.Create(_title, _ => Task.FromResult(changed), _key), diagnostic);
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
    private protected virtual TextSpan ChangedPart(SyntaxNode node) => MemberOf(node);

    /// <summary>The member that a fix changes; the whole document for a top-level statement.</summary>
    private static TextSpan MemberOf(SyntaxNode node) => node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>()
        .FirstOrDefault(member => member is not (GlobalStatementSyntax or BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax))
        ?.FullSpan ?? node.SyntaxTree.GetRoot().FullSpan;

    private async Task<bool> IsSoundAsync(FixTarget target, Solution changed, CancellationToken cancellationToken)
    {
        var original = target.Document.Project.Solution;
        foreach (var id in changed.GetChanges(original).GetProjectChanges().SelectMany(project => project.GetChangedDocuments()))
        {
            var before = id == target.Document.Id
                ? target.Model
                : await original.GetDocument(id)!.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
            var after = await changed.GetDocument(id)!.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
            if (before is null || after is null)
            {
                return false;
            }

            var (old, root) = (before.SyntaxTree.GetRoot(cancellationToken), after.SyntaxTree.GetRoot(cancellationToken));
            var part = id == target.Document.Id ? ChangedPart(target.Node) : old.FullSpan;
            if (!Comments.AreKept(old, root) || !Compiles(before, part, after, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    private bool Compiles(SemanticModel before, TextSpan part, SemanticModel after, CancellationToken cancellationToken)
    {
        var growth = after.SyntaxTree.Length - before.SyntaxTree.Length;
        var errors = Errors(after, new TextSpan(part.Start, part.Length + growth), cancellationToken);
        if (MustRemoveAnError)
        {
            return errors < Errors(before, part, cancellationToken);
        }

        return errors == 0 || errors <= Errors(before, part, cancellationToken);
    }

    internal static int Errors(SemanticModel model, TextSpan span, CancellationToken cancellationToken) =>
        model.GetDiagnostics(span, cancellationToken)
            .Count(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
}
