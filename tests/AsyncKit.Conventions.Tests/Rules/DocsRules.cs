using System.Text.RegularExpressions;

namespace AsyncKit.Conventions.Tests;

internal static class DocsRules
{
    /// <summary>
    /// A link without a scheme is a path relative to the page, one that begins with <paramref name="blobs"/> is a path from the
    /// root. The rule ignores the part after #.
    /// </summary>
    public static IEnumerable<string> LinksLead(MarkdownFile page, string blobs, Func<string, bool> exists) =>
        from link in page.Links
        let target = link.Target.Split('#')[0]
        let isBlob = target.StartsWith(blobs, StringComparison.Ordinal)
        where isBlob || (target.Length > 0 && !target.Contains(':', StringComparison.Ordinal))
        let path = isBlob ? target[blobs.Length..] : target
        where !exists(isBlob ? path : Path.Combine(Path.GetDirectoryName(page.Path)!, path))
        select $"{page.Path}:{link.Line}: the link to {path} leads nowhere.";

    /// <summary>The site shows the pages that its table of contents, in the folder docs/site, lists.</summary>
    public static IEnumerable<string> IsInContents(MarkdownFile page, string contents) =>
        Regex.IsMatch(
            contents,
            $@"^ *(- )?href: \.\./{Regex.Escape(page.Path["docs/".Length..])}\r?$",
            RegexOptions.Multiline,
            TimeSpan.FromSeconds(1))
            ? []
            : [$"docs/site/toc.yml does not list {page.Path}."];

    /// <param name="page">A page that says where code is.</param>
    /// <param name="sources">The paths of all source files.</param>
    public static IEnumerable<string> NamesOnlyFilesThatExist(MarkdownFile page, IReadOnlyCollection<string> sources) =>
        from name in Regex.Matches(page.Text, @"(?<=[`(/ ])[\w./]+\.cs(?=[`) ,])", RegexOptions.None, TimeSpan.FromSeconds(1))
            .Select(match => match.Value).Distinct(StringComparer.Ordinal)
        where !sources.Any(source => source.EndsWith($"/{name}", StringComparison.Ordinal))
        select $"{page.Path} names {name}, which is not a file under src.";

    /// <summary>Every type is named in a heading that has C# below it. Several types may share a section.</summary>
    public static IEnumerable<string> HasSection(string typeName, IEnumerable<MarkdownFile> pages)
    {
        var name = new Regex(
            $@"(?<![\w.]){Regex.Escape(typeName)}(?![\w.])", RegexOptions.None, TimeSpan.FromSeconds(1));
        var sections = pages.SelectMany(page => page.Sections).Where(section => name.IsMatch(section.Heading)).ToList();
        if (sections.Count == 0)
        {
            return [$"No heading of a page under docs names {typeName}."];
        }

        return sections.Exists(section => section.Blocks.Any(block => block.IsCSharp))
            ? []
            : [$"The section on {typeName} at {sections[0].Location} has no ```csharp block."];
    }
}
