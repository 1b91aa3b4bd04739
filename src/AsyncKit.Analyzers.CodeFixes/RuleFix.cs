using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

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
            var fixedDocument = await FixAsync(target, context.CancellationToken).ConfigureAwait(false);
            if (fixedDocument is not null
                && await CompilesAsync(before, MemberOf(target.Node), fixedDocument, context.CancellationToken).ConfigureAwait(false))
            {
                context.RegisterCodeFix(
                    CodeAction.Create(_title, _ => Task.FromResult(fixedDocument), _key), diagnostic);
            }
        }
    }

    /// <summary>Returns the changed document, or null if the rule has no fix for the code.</summary>
    private protected abstract Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken);

    /// <summary>The member that a fix changes; the whole document for a top-level statement.</summary>
    private static TextSpan MemberOf(SyntaxNode node) => node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>()
        .FirstOrDefault(member => member is not (GlobalStatementSyntax or BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax))
        ?.FullSpan ?? node.SyntaxTree.GetRoot().FullSpan;

    private async Task<bool> CompilesAsync(
        SemanticModel before, TextSpan member, Document fixedDocument, CancellationToken cancellationToken)
    {
        var after = await fixedDocument.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        if (after is null)
        {
            return false;
        }

        var growth = after.SyntaxTree.Length - before.SyntaxTree.Length;
        var errors = Errors(after, new TextSpan(member.Start, member.Length + growth), cancellationToken);
        if (MustRemoveAnError)
        {
            return errors < Errors(before, member, cancellationToken);
        }

        return errors == 0 || errors <= Errors(before, member, cancellationToken);
    }

    internal static int Errors(SemanticModel model, TextSpan span, CancellationToken cancellationToken) =>
        model.GetDiagnostics(span, cancellationToken)
            .Count(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
}
