namespace AsyncKit.Conventions.Tests;

/// <summary>A heading and what is below it, up to the next heading of its level or a higher one.</summary>
internal sealed record MarkdownSection(string Path, int Line, string Heading, IReadOnlyList<MarkdownBlock> Blocks)
{
    public string Location => $"{Path}:{Line}";
}
