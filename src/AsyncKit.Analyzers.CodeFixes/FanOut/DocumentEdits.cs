using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>Changes the text of a document where its tree changed.</summary>
/// <remarks>Roslyn merges the fixes of one document by their text changes. Those that it computes from trees overlap if
/// neighbouring statements look alike, and it then applies only one of the fixes.</remarks>
internal static class DocumentEdits
{
    /// <summary>The document with a changed root, and with <c>using AsyncKit;</c> if the type has no FanOutAsync
    /// yet.</summary>
    public static Document Apply(
        Document document, SemanticModel model, SyntaxNode root, SyntaxNode changed, SyntaxNode place, ITypeSymbol? extended)
    {
        var text = root.SyntaxTree.GetText();
        List<TextChange> changes = [Difference(text, changed)];
        if (UsingDirectives.IsNeeded(model, place.SpanStart, extended))
        {
            changes.Add(Difference(text, UsingDirectives.Add(root, "AsyncKit")));
        }

        return document.WithText(text.WithChanges(changes));
    }

    /// <summary>The change between the parts that both texts start and end with.</summary>
    private static TextChange Difference(SourceText text, SyntaxNode changed)
    {
        var (old, @new) = (text.ToString(), changed.ToFullString());
        var shorter = Math.Min(old.Length, @new.Length);
        var prefix = 0;
        while (prefix < shorter && old[prefix] == @new[prefix])
        {
            prefix++;
        }

        var suffix = 0;
        while (suffix < shorter - prefix && old[old.Length - 1 - suffix] == @new[@new.Length - 1 - suffix])
        {
            suffix++;
        }

        return new(TextSpan.FromBounds(prefix, old.Length - suffix), @new.Substring(prefix, @new.Length - suffix - prefix));
    }
}
