namespace AsyncKit.Conventions.Tests;

/// <summary>A fenced block; <c>Line</c> is the 1-based line of its opening fence.</summary>
internal sealed record MarkdownBlock(string Path, int Line, string Info, string Text, bool IsClosed)
{
    public bool IsCSharp => Info is "csharp";

    public string Location => $"{Path}:{Line}";
}
