using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>Checks and finishes the solution that a fix or a refactoring made.</summary>
internal static class ChangedSolution
{
    /// <summary>The member that a change is in; the whole document for a top-level statement.</summary>
    public static TextSpan MemberOf(SyntaxNode node) => node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>()
        .FirstOrDefault(member => member is not (GlobalStatementSyntax or BaseTypeDeclarationSyntax or BaseNamespaceDeclarationSyntax))
        ?.FullSpan ?? node.SyntaxTree.GetRoot().FullSpan;

    /// <summary>Whether all comments are kept and no document has a new compiler error.</summary>
    /// <param name="document">The document where the change was requested.</param>
    /// <param name="part">The part of it that may have new errors. Every other document is checked as a whole.</param>
    /// <param name="changed">The changed solution.</param>
    /// <param name="mustRemoveAnError">Whether that part must have fewer errors.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    public static async Task<bool> IsSoundAsync(
        Document document, TextSpan part, Solution changed, bool mustRemoveAnError, CancellationToken cancellationToken)
    {
        var original = document.Project.Solution;
        foreach (var id in ChangedDocuments(original, changed))
        {
            var before = await original.GetDocument(id)!.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
            var after = await changed.GetDocument(id)!.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
            if (before is null || after is null)
            {
                return false;
            }

            var old = await before.SyntaxTree.GetRootAsync(cancellationToken).ConfigureAwait(false);
            var root = await after.SyntaxTree.GetRootAsync(cancellationToken).ConfigureAwait(false);
            var isRequested = id == document.Id;
            if (!Comments.AreKept(old, root)
                || !Compiles(before, isRequested ? part : old.FullSpan, after, isRequested && mustRemoveAnError, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Formats the new code as the editor does, and reduces each document to the changed lines.</summary>
    public static async Task<Solution> CleanUpAsync(Solution original, Solution changed, CancellationToken cancellationToken)
    {
        var result = original;
        foreach (var id in ChangedDocuments(original, changed))
        {
            var document = changed.GetDocument(id)!;
            document = await Simplifier.ReduceAsync(document, Simplifier.Annotation, cancellationToken: cancellationToken).ConfigureAwait(false);
            document = await Formatter.FormatAsync(document, Formatter.Annotation, cancellationToken: cancellationToken).ConfigureAwait(false);
            document = await Formatter.FormatAsync(document, SyntaxAnnotation.ElasticAnnotation, cancellationToken: cancellationToken).ConfigureAwait(false);
            var before = await original.GetDocument(id)!.GetTextAsync(cancellationToken).ConfigureAwait(false);
            var after = await document.GetTextAsync(cancellationToken).ConfigureAwait(false);
            result = result.WithDocumentText(id, before.WithChanges(LineDiff.Between(before, after)));
        }

        return result;
    }

    private static IEnumerable<DocumentId> ChangedDocuments(Solution original, Solution changed) =>
        changed.GetChanges(original).GetProjectChanges().SelectMany(project => project.GetChangedDocuments());

    private static bool Compiles(
        SemanticModel before, TextSpan part, SemanticModel after, bool mustRemoveAnError, CancellationToken cancellationToken)
    {
        var growth = after.SyntaxTree.Length - before.SyntaxTree.Length;
        var errors = Errors(after, new TextSpan(part.Start, part.Length + growth), cancellationToken);
        if (mustRemoveAnError)
        {
            return errors < Errors(before, part, cancellationToken);
        }

        return errors == 0 || errors <= Errors(before, part, cancellationToken);
    }

    public static int Errors(SemanticModel model, TextSpan span, CancellationToken cancellationToken) =>
        model.GetDiagnostics(span, cancellationToken)
            .Count(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
}
