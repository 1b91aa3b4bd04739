namespace AsyncKit.Comparison;

/// <summary>The source text of a delegate, as the compiler recorded it.</summary>
internal static class SourceText
{
    /// <summary>Removes the indentation that all lines but the first share. The first one starts inside its
    /// line.</summary>
    public static string Dedent(string code)
    {
        var lines = code.ReplaceLineEndings("\n").Split('\n');
        var indentation = lines.Skip(1)
            .Where(line => !string.IsNullOrWhiteSpace(line))
            .Select(line => line.Length - line.TrimStart().Length)
            .DefaultIfEmpty(0)
            .Min();
        return string.Join('\n', lines.Select((line, index) =>
            index == 0 ? line : string.IsNullOrWhiteSpace(line) ? "" : line[indentation..]));
    }

    /// <summary>Counts the lines that are not blank.</summary>
    public static int LinesOf(string code) => code.Split('\n').Count(line => !string.IsNullOrWhiteSpace(line));
}
