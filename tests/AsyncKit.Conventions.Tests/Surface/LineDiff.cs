namespace AsyncKit.Conventions.Tests;

/// <summary>The lines that differ between two texts, each below the type that it belongs to.</summary>
internal static class LineDiff
{
    /// <returns>An empty string if the texts are equal. Line endings are ignored.</returns>
    public static string Between(string before, string after)
    {
        string[] old = before.ReplaceLineEndings("\n").Split('\n');
        string[] now = after.ReplaceLineEndings("\n").Split('\n');
        var common = CommonLengths(old, now);
        var result = new List<string>();
        var heading = "";
        for (var (i, j) = (0, 0); i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && string.Equals(old[i], now[j], StringComparison.Ordinal))
            {
                heading = IsMember(old[i]) ? heading : old[i];
                i++;
                j++;
            }
            else if (j == now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                AddLine('-', old[i++]);
            }
            else
            {
                AddLine('+', now[j++]);
            }
        }

        return string.Join('\n', result);

        void AddLine(char sign, string line)
        {
            if (IsMember(line) && heading.Length > 0)
            {
                result.Add("  " + heading);
            }

            heading = "";
            result.Add($"{sign} {line}");
        }
    }

    private static bool IsMember(string line) => line.StartsWith(' ');

    /// <summary>The length of the longest common subsequence of what is left from each pair of positions.</summary>
    private static int[,] CommonLengths(string[] old, string[] now)
    {
        var lengths = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
            {
                lengths[i, j] = string.Equals(old[i], now[j], StringComparison.Ordinal)
                    ? lengths[i + 1, j + 1] + 1
                    : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        return lengths;
    }
}
