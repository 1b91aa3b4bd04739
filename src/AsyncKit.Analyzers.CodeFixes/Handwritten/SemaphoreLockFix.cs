using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>AK0011: makes the field an AsyncLock, with a using statement for each use, in all parts of the
/// type.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class SemaphoreLockFix() : RuleFix("Use 'AsyncLock'", Rules.SemaphoreLock.Id)
{
    private protected override bool ChangesOtherDocuments => true;

    private protected override TextSpan ChangedPart(SyntaxNode node) => node.SyntaxTree.GetRoot().FullSpan;

    private protected override async Task<Solution?> FixSolutionAsync(FixTarget target, CancellationToken cancellationToken)
    {
        if (target.Node.FirstAncestorOrSelf<VariableDeclaratorSyntax>() is not
            { Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: FieldDeclarationSyntax declaration } } variable
            || target.Model.GetDeclaredSymbol(variable, cancellationToken) is not IFieldSymbol field)
        {
            return null;
        }

        var solution = target.Document.Project.Solution;
        foreach (var tree in field.ContainingType.DeclaringSyntaxReferences.Select(part => part.SyntaxTree).Distinct())
        {
            if (target.Document.Project.GetDocument(tree) is not { } document
                || await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false) is not { } model)
            {
                return null;
            }

            var root = await tree.GetRootAsync(cancellationToken).ConfigureAwait(false);
            var rewriter = new SemaphoreRewriter(field, declaration, model, root.LineBreak(), cancellationToken);
            var changed = rewriter.Visit(root);
            if (rewriter.HasFailed)
            {
                return null;
            }

            if (changed != root)
            {
                changed = tree == variable.SyntaxTree
                    ? changed.WithImport(model, variable.SpanStart, Imports.AsyncKit)
                    : changed;
                solution = solution.WithDocumentSyntaxRoot(document.Id, changed);
            }
        }

        return solution;
    }
}
