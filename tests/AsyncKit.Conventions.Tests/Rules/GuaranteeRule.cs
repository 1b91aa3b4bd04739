using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace AsyncKit.Conventions.Tests;

/// <summary>A type's guarantees, the list items of its remarks, are on a page in the same words.</summary>
internal static partial class GuaranteeRule
{
    public static IEnumerable<string> OnAPage(INamedTypeSymbol type, XmlDocs docs, IEnumerable<MarkdownFile> pages)
    {
        var texts = pages.Select(page => Plain(page.Text)).ToList();
        return from item in docs.Of(type)?.Element("remarks")?.Descendants("item") ?? []
               let guarantee = Plain(Words(item)).Trim()
               where !texts.Exists(text => text.Contains($"- {guarantee} ", StringComparison.Ordinal))
               select $"No page in docs has this guarantee of {type.NameInSource()} as an item of a list: {guarantee}";
    }

    private static string Words(XElement item) => string.Concat(item.Nodes().Select(node => node switch
    {
        XElement { Name.LocalName: "see" } see => Name(see.Attribute("cref")?.Value ?? see.Value),
        XElement element => element.Value,
        XText text => text.Value,
        _ => "",
    }));

    /// <summary>A type by its name, a member with that of its type.</summary>
    private static string Name(string cref)
    {
        var parts = cref.Split('(')[0].Split(':')[^1].Split('.');
        return string.Join('.', parts.TakeLast(cref.StartsWith("T:", StringComparison.Ordinal) ? 1 : 2)).Split('`')[0];
    }

    /// <summary>Without code marks and type parameters, each run of blanks as one; it ends in one.</summary>
    private static string Plain(string text) => Blanks().Replace(Marks().Replace(text, ""), " ").TrimEnd() + " ";

    [GeneratedRegex(@"`|<\w+>|\{\w+\}", RegexOptions.None, 1000)]
    private static partial Regex Marks();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Blanks();
}
