using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>A diagnostic and the code that it is about.</summary>
internal sealed class FixTarget(Document document, SyntaxNode root, SemanticModel model, Diagnostic diagnostic)
{
    public Document Document { get; } = document;

    public SyntaxNode Root { get; } = root;

    public SemanticModel Model { get; } = model;

    public Diagnostic Diagnostic { get; } = diagnostic;

    public SyntaxNode Node { get; } = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);

    /// <summary>The document with a changed root, or null for null.</summary>
    public Document? With(SyntaxNode? changed) => changed is null ? null : Document.WithSyntaxRoot(changed);
}
