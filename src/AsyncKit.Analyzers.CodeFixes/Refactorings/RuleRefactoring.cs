using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeRefactorings;

namespace AsyncKit.Analyzers;

/// <summary>The base class of the refactorings: the rewrite of a rule, for code where only its author can know that the
/// rewrite is right.</summary>
public abstract class RuleRefactoring : CodeRefactoringProvider
{
    private readonly string _title;

    private protected RuleRefactoring(string title) => _title = title;

    /// <inheritdoc/>
    public sealed override async Task ComputeRefactoringsAsync(CodeRefactoringContext context)
    {
        var document = context.Document;
        var model = await document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        var root = await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (model is null || root is null || KnownSymbols.Of(model.Compilation) is not { } symbols)
        {
            return;
        }

        var node = root.FindNode(context.Span, getInnermostNodeForTie: true);
        if (Rewrite(document, root, model, node, symbols, context.CancellationToken) is not { } rewritten)
        {
            return;
        }

        var original = document.Project.Solution;
        var changed = original.WithDocumentSyntaxRoot(document.Id, rewritten);
        if (await ChangedSolution.IsSoundAsync(
            document, ChangedSolution.MemberOf(node), changed, mustRemoveAnError: false, context.CancellationToken).ConfigureAwait(false))
        {
            context.RegisterRefactoring(CodeAction.Create(
                _title, token => ChangedSolution.CleanUpAsync(original, changed, token), GetType().Name));
        }
    }

    /// <summary>Returns the changed root, or null if there is nothing to rewrite at the node.</summary>
    private protected abstract SyntaxNode? Rewrite(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, KnownSymbols symbols, CancellationToken cancellationToken);
}
