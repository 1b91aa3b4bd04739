using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>Finds the changed lines of a text. Fixes that are applied at the same time conflict if their changes
/// overlap, so a change must contain nothing that is the same before and after.</summary>
internal static class LineDiff
{
    private const int MaxEdits = 500;

    /// <summary>The changes from one text to another, by the greedy algorithm of Eugene W. Myers, "An O(ND) Difference
    /// Algorithm and Its Variations", 1986. One change for everything in between if there are too many.</summary>
    public static IReadOnlyList<TextChange> Between(SourceText before, SourceText after)
    {
        var (old, changed) = (LinesOf(before), LinesOf(after));
        var start = 0;
        while (start < old.Length && start < changed.Length && AreSame(old[start], changed[start]))
        {
            start++;
        }

        var end = 0;
        while (end < old.Length - start && end < changed.Length - start && AreSame(old[old.Length - 1 - end], changed[changed.Length - 1 - end]))
        {
            end++;
        }

        var (rows, columns) = (old.Length - start - end, changed.Length - start - end);
        return [.. Blocks(old, changed, start, rows, columns).SelectMany(Split).Select(block =>
            Change(before, after, start + block.Row, block.Rows, start + block.Column, block.Columns))];
    }

    private static string[] LinesOf(SourceText text) => [.. text.Lines.Select(line => text.ToString(line.SpanIncludingLineBreak))];

    private static bool AreSame(string one, string other) => string.Equals(one, other, StringComparison.Ordinal);

    private static Stack<Block> Blocks(string[] old, string[] changed, int start, int rows, int columns)
    {
        if (rows == 0 && columns == 0)
        {
            return new();
        }

        var trace = new List<int[]>();
        var offset = MaxEdits + 1;
        var reached = new int[(2 * offset) + 1];
        for (var edits = 0; edits <= MaxEdits && edits <= rows + columns; edits++)
        {
            trace.Add((int[])reached.Clone());
            for (var diagonal = -edits; diagonal <= edits; diagonal += 2)
            {
                var row = GoesDown(reached, offset, diagonal, edits)
                    ? reached[offset + diagonal + 1]
                    : reached[offset + diagonal - 1] + 1;
                while (row < rows && row - diagonal < columns && AreSame(old[start + row], changed[start + row - diagonal]))
                {
                    row++;
                }

                reached[offset + diagonal] = row;
                if (row >= rows && row - diagonal >= columns)
                {
                    return Merge(Backtrack(trace, offset, rows, columns));
                }
            }
        }

        return new([new(0, rows, 0, columns)]);
    }

    /// <summary>Whether a path reaches a diagonal by an inserted line, and not by a removed one.</summary>
    private static bool GoesDown(int[] reached, int offset, int diagonal, int edits) =>
        diagonal == -edits
        || (diagonal != edits && reached[offset + diagonal - 1] < reached[offset + diagonal + 1]);

    /// <summary>The inserted and removed lines, from the last to the first.</summary>
    private static IEnumerable<Block> Backtrack(List<int[]> trace, int offset, int rows, int columns)
    {
        var (row, column) = (rows, columns);
        for (var edits = trace.Count - 1; edits > 0; edits--)
        {
            var reached = trace[edits];
            var diagonal = row - column;
            var isInsertion = GoesDown(reached, offset, diagonal, edits);
            var previous = isInsertion ? diagonal + 1 : diagonal - 1;
            (row, column) = (reached[offset + previous], reached[offset + previous] - previous);
            yield return isInsertion ? new(row, 0, column, 1) : new(row, 1, column, 0);
        }
    }

    private static Stack<Block> Merge(IEnumerable<Block> edits)
    {
        var merged = new Stack<Block>();
        foreach (var edit in edits)
        {
            if (merged.Count > 0 && merged.Peek() is var next
                && edit.Row + edit.Rows == next.Row && edit.Column + edit.Columns == next.Column)
            {
                _ = merged.Pop();
                merged.Push(new(edit.Row, edit.Rows + next.Rows, edit.Column, edit.Columns + next.Columns));
            }
            else
            {
                merged.Push(edit);
            }
        }

        return merged;
    }

    /// <summary>Each changed line for itself, after the added ones: a using directive may precede a changed line.</summary>
    private static IEnumerable<Block> Split(Block block)
    {
        var added = block.Columns - block.Rows;
        if (block.Rows == 0 || added < 0)
        {
            return [block];
        }

        var lines = Enumerable.Range(0, block.Rows).Select(line => new Block(block.Row + line, 1, block.Column + added + line, 1));
        return added == 0 ? lines : lines.Prepend(new(block.Row, 0, block.Column, added));
    }

    /// <summary>The change of some lines, without the characters at both ends that stay the same.</summary>
    private static TextChange Change(SourceText before, SourceText after, int row, int rows, int column, int columns)
    {
        var (span, other) = (SpanOf(before, row, rows), SpanOf(after, column, columns));
        var (old, changed) = (before.ToString(span), after.ToString(other));
        var start = 0;
        while (start < old.Length && start < changed.Length && old[start] == changed[start])
        {
            start++;
        }

        var end = 0;
        while (end < old.Length - start && end < changed.Length - start && old[old.Length - 1 - end] == changed[changed.Length - 1 - end])
        {
            end++;
        }

        return new(
            TextSpan.FromBounds(span.Start + start, span.End - end),
            changed.Substring(start, changed.Length - start - end));
    }

    private static TextSpan SpanOf(SourceText text, int first, int count) => count == 0
        ? new(first < text.Lines.Count ? text.Lines[first].Start : text.Length, 0)
        : TextSpan.FromBounds(text.Lines[first].Start, text.Lines[first + count - 1].EndIncludingLineBreak);

    private sealed class Block(int row, int rows, int column, int columns)
    {
        public int Row { get; } = row;

        public int Rows { get; } = rows;

        public int Column { get; } = column;

        public int Columns { get; } = columns;
    }
}
