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

    public XElement? Of(ISymbol symbol) => _members.GetValueOrDefault(symbol.GetDocumentationCommentId()!);
}
