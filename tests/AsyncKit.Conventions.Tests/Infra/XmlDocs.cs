using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>The XML documentation of an assembly, by member.</summary>
internal sealed class XmlDocs
{
    private readonly Dictionary<string, XElement> _members;

    private XmlDocs(XDocument document) => _members = document.Descendants("member")
        .ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);

    public static XmlDocs Parse(string xml) => new(XDocument.Parse(xml));

    public XElement? Of(ISymbol symbol) => Of(symbol.GetDocumentationCommentId()!);

    /// <summary>Returns true for a member that has an example or inherits that of another member.</summary>
    public bool HasExample(ISymbol symbol) => Of(symbol) is { } member
        && (member.Element("example") is not null || member.Elements("inheritdoc").Any(InheritsExample));

    private bool InheritsExample(XElement inherited) =>
        string.Equals(inherited.Attribute("path")?.Value, "/example", StringComparison.Ordinal)
        && Of(inherited.Attribute("cref")!.Value)?.Element("example") is not null;

    private XElement? Of(string id) => _members.GetValueOrDefault(id);
}
