namespace AsyncKit.Conventions.Tests;

public sealed class MarkdownFileTests
{
    private const string Page = """
        # Page
        ## `One` and `Two`
        ```csharp
        # not a heading
        ```

        ```text
        output
        ```
        ### Below
        1. An item
           ```csharp
           if (true)
               return;
           ```
           words
           ```text
           no output
           ```
        ## Three
        """;

    private readonly MarkdownFile _file = new("page.md", Page);

    [Fact]
    public void A_block_knows_its_line_and_loses_the_indent_of_its_fence()
    {
        Assert.Equal([3, 7, 12, 17], _file.Blocks.Select(block => block.Line));
        Assert.Equal("if (true)\n    return;\n", _file.Blocks[2].Text);
    }

    [Fact]
    public void A_section_reaches_to_the_next_heading_of_its_level()
    {
        var sections = _file.Sections.ToDictionary(
            section => section.Heading, section => section.Blocks.Count, StringComparer.Ordinal);

        Assert.Equal(4, sections.Count);
        Assert.Equal(4, sections["`One` and `Two`"]);
        Assert.Equal(2, sections["Below"]);
        Assert.Equal(0, sections["Three"]);
    }

    [Fact]
    public void Only_a_text_block_directly_after_is_the_output()
    {
        Assert.Same(_file.Blocks[1], _file.OutputOf(_file.Blocks[0]));
        Assert.Null(_file.OutputOf(_file.Blocks[2]));
    }

    [Theory]
    [InlineData("```csharp no-run\n```")]
    [InlineData("```csharp{1}\n```")]
    [InlineData("```cs\n```")]
    [InlineData("```C#\n```")]
    [InlineData("~~~CSharp\n~~~")]
    [InlineData("```\n```")]
    [InlineData("```csharp\n")]
    public void A_fence_that_escapes_the_check_is_reported(string text)
    {
        var faults = FenceRules.NothingEscapes(new MarkdownFile("page.md", text));

        Assert.StartsWith("page.md:1: ", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_languages_are_allowed() => Assert.Empty(FenceRules.NothingEscapes(
        new MarkdownFile("page.md", "```sh\n```\n```csharp\n```\n````text\n```cs\n````\n~~~csharp\n~~~\n")));
}
