using System.Text.RegularExpressions;

namespace AsyncKit.Conventions.Tests;

/// <summary>As much of Markdown as the documentation uses: headings with #, fenced blocks, links.</summary>
internal sealed partial class MarkdownFile
{
    private readonly string[] _lines;
    private readonly List<MarkdownBlock> _blocks = [];
    private readonly List<(int Line, int Level, string Text)> _headings = [];
    private readonly List<(int Line, string Target)> _links = [];

    public MarkdownFile(string path, string text)
    {
        Path = path;
        Text = text;
        _lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < _lines.Length; i++)
        {
            if (Fence().Match(_lines[i]) is { Success: true } fence)
            {
                i = AddBlock(i, fence);
            }
            else
            {
                AddWords(i);
            }
        }
    }

    public string Path { get; }

    public string Text { get; }

    public IReadOnlyList<MarkdownBlock> Blocks => _blocks;

    public IReadOnlyList<(int Line, string Target)> Links => _links;

    public IEnumerable<MarkdownSection> Sections => _headings.Select((heading, i) =>
    {
        var end = _headings.Skip(i + 1).Where(next => next.Level <= heading.Level).Select(next => next.Line)
            .FirstOrDefault(int.MaxValue);
        var blocks = _blocks.Where(block => block.Line > heading.Line && block.Line < end);
        return new MarkdownSection(Path, heading.Line, heading.Text, [.. blocks]);
    });

    public static MarkdownFile Read(string path) => new(Repository.RelativePath(path), File.ReadAllText(path));

    /// <summary>The ```text block that follows a block, with only blank lines in between, or null.</summary>
    public MarkdownBlock? OutputOf(MarkdownBlock block)
    {
        var next = _blocks.SkipWhile(other => other != block).Skip(1).FirstOrDefault();
        return next is { Info: "text" } && _lines[EndOf(block)..(next.Line - 1)].All(string.IsNullOrWhiteSpace)
            ? next
            : null;
    }

    /// <summary>The index of the line after a block's closing fence.</summary>
    private static int EndOf(MarkdownBlock block) => block.Line + block.Text.Count(character => character == '\n') + 1;

    private void AddWords(int i)
    {
        if (HeadingLine().Match(_lines[i]) is { Success: true } heading)
        {
            _headings.Add((i + 1, heading.Groups["level"].Length, heading.Groups["text"].Value));
        }

        _links.AddRange(Link().Matches(_lines[i]).Select(link => (i + 1, link.Groups["target"].Value)));
    }

    /// <returns>The index of the closing fence.</returns>
    private int AddBlock(int start, Match fence)
    {
        var mark = fence.Groups["mark"].Value;
        var indent = fence.Groups["indent"].Length;
        var text = new System.Text.StringBuilder();
        var i = start + 1;
        for (; i < _lines.Length && !IsEnd(_lines[i], mark); i++)
        {
            var line = _lines[i];
            var blanks = line.Length - line.TrimStart(' ').Length;
            _ = text.Append(line.AsSpan(Math.Min(indent, blanks))).Append('\n');
        }

        var info = fence.Groups["info"].Value.Trim();
        _blocks.Add(new MarkdownBlock(Path, start + 1, info, text.ToString(), IsClosed: i < _lines.Length));
        return i;
    }

    private static bool IsEnd(string line, string mark)
    {
        var trimmed = line.Trim();
        return trimmed.Length >= mark.Length && trimmed.All(character => character == mark[0]);
    }

    [GeneratedRegex(@"^(?<indent>\s*)(?<mark>`{3,}|~{3,})(?<info>[^`]*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^(?<level>#{1,6})\s+(?<text>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HeadingLine();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)[^)]*\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
