using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace AsyncKit;

/// <summary>A stack as a user wants to see it: the call that waits, and below it only what is not the runtime's.</summary>
internal static class UserStack
{
    private const string RuntimeLine = "   at System.";

    /// <returns>Null when no method on it is a user's: then the wait is none of a user's either.</returns>
    public static string? Describe(StackTrace stack)
    {
        var lines = new List<string>();
        var call = "";
        foreach (var frame in stack.GetFrames())
        {
            var line = new StackTrace(frame).ToString().TrimEnd();
            if (!IsRuntimes(frame, line))
            {
                lines.Add(line);
            }
            else if (lines.Count == 0)
            {
                call = line;
            }
        }

        return lines.Count == 0 ? null : string.Join('\n', lines.Prepend(call));
    }

    /// <summary>Without the call that waits: once it is optimized another of the runtime's methods is on top.</summary>
    public static string Users(string described) => described[(described.IndexOf('\n') + 1)..];

    /// <summary>The user's method that waits, whoever has called it.</summary>
    public static string Place(string described) => Users(described).Split('\n')[0];

    /// <summary>By the name of the assembly.</summary>
    public static bool IsRuntimes(string assembly) =>
        assembly is nameof(AsyncKit)
        || assembly.StartsWith("System.", StringComparison.Ordinal)
        || assembly.StartsWith("Microsoft.", StringComparison.Ordinal);

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Only the assembly is asked for; without metadata the text of the line has to do.")]
    private static bool IsRuntimes(StackFrame frame, string line)
    {
        if (frame.GetMethod()?.Module.Assembly is not { } assembly)
        {
            return line.Length == 0 || line.StartsWith(RuntimeLine, StringComparison.Ordinal);
        }

        return IsRuntimes(assembly.GetName().Name ?? "");
    }
}
