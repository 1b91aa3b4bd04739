using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>A diagnostic and the code that it is about.</summary>
internal sealed class FixTarget(Document document, SyntaxNode root, SemanticModel model, Diagnostic diagnostic, SyntaxNode node)
{
    public Document Document { get; } = document;

    public SyntaxNode Root { get; } = root;

    public SemanticModel Model { get; } = model;

    public Diagnostic Diagnostic { get; } = diagnostic;

    public SyntaxNode Node { get; } = node;

    /// <summary>The code at the location of a diagnostic. Null for a document that has no C# code.</summary>
    public static async Task<FixTarget?> OfAsync(Document document, Diagnostic diagnostic, CancellationToken cancellationToken)
    {
        var model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        var root = await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false);
        return model is null || root is null
            ? null
            : new(document, root, model, diagnostic, root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true));
    }

    /// <summary>The document with a changed root, or null for null.</summary>
    public Document? With(SyntaxNode? changed) => changed is null ? null : Document.WithSyntaxRoot(changed);
}
