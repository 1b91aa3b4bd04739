namespace AsyncKit.Conventions.Tests;

/// <summary>Shows that every rule can fail.</summary>
public sealed class DocsRuleTests
{
    [Theory]
    [InlineData("See `Locks/A.cs`.", 0)]
    [InlineData("See `A.cs` and `B.cs`.", 1)]
    [InlineData("See `Pools/A.cs`.", 1)]
    public void A_file_that_does_not_exist_is_reported(string text, int expected) => Assert.Equal(
        expected, DocsRules.NamesOnlyFilesThatExist(new MarkdownFile("page.md", text), ["src/Locks/A.cs"]).Count());

    [Fact]
    public void A_link_that_leads_nowhere_is_reported()
    {
        var page = new MarkdownFile("docs/page.md", """
            See [a](a.md#part), [b](b.md) and
            [c](../c.md). [d](#d), [e](https://example.org/e.md).
            [g](https://host/blob/d.md), [h](https://host/blob/h.md).
            ```text
            [f](f.md)
            ```
            """);

        var faults = DocsRules.LinksLead(page, "https://host/blob/", path => path is "docs/a.md" or "d.md");

        Assert.Equal(
            ["docs/page.md:1: the link to b.md leads nowhere.", "docs/page.md:2: the link to ../c.md leads nowhere.",
             "docs/page.md:3: the link to h.md leads nowhere."],
            faults,
            StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("- href: ../a.md\n- href: ../b/page.md\n", "docs/b/page.md", 0)]
    [InlineData("- name: Page\n  href: ../page.md\n", "docs/page.md", 0)]
    [InlineData("- href: ../b/page.md\n", "docs/page.md", 1)]
    [InlineData("- href: ../page.mdx\n", "docs/page.md", 1)]
    public void A_page_that_the_site_does_not_list_is_reported(string contents, string path, int expected) =>
        Assert.Equal(expected, DocsRules.IsInContents(new MarkdownFile(path, ""), contents).Count());

    [Theory]
    [InlineData("# Page\n```csharp\n```\n")]
    [InlineData("# `FanOutOptions`\n```csharp\n```\n")]
    [InlineData("Words on `FanOut`.\n```csharp\n```\n")]
    [InlineData("# `FanOut`\nWords.\n")]
    [InlineData("# `FanOut`\n```text\n```\n")]
    [InlineData("# `FanOut`\n# Next\n```csharp\n```\n")]
    public void A_type_without_a_section_or_without_a_snippet_is_reported(string page) =>
        Assert.Single(DocsRules.HasSection("FanOut", [new MarkdownFile("docs/page.md", page)]));

    [Theory]
    [InlineData("# FanOut\n```csharp\n```\n")]
    [InlineData("# `Other` and `FanOut<T>`\n## Use\n```csharp\n```\n")]
    public void A_type_with_a_section_and_a_snippet_is_right(string page) =>
        Assert.Empty(DocsRules.HasSection("FanOut", [new MarkdownFile("docs/page.md", page)]));
}
