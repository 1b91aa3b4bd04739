using System.Diagnostics;

namespace AsyncKit.Diagnostics;

/// <summary>A stack as a user reads it: the runtime's method that blocks, and below it user code only.</summary>
internal static class UserStack
{
    private const string RuntimeLine = "   at System.";

    /// <returns>Null if there is no user code on the stack.</returns>
    public static string? Describe(StackTrace stack) => Describe(stack.GetFrames().Select(static frame =>
    {
        var line = new StackTrace(frame).ToString().TrimEnd();
        var assembly = frame.GetMethod()?.Module.Assembly.GetName().Name;
        var isRuntime = assembly is null
            ? line.Length == 0 || line.StartsWith(RuntimeLine, StringComparison.Ordinal)
            : IsRuntime(assembly);
        return (line, isRuntime);
    }));

    /// <param name="frames">The innermost first.</param>
    /// <returns>Null if there is no user code among them.</returns>
    public static string? Describe(IEnumerable<(string Text, bool IsRuntime)> frames)
    {
        var lines = new List<string>();
        var call = "";
        foreach (var (text, isRuntime) in frames)
        {
            if (!isRuntime)
            {
                lines.Add(text);
            }
            else if (lines.Count == 0)
            {
                call = text;
            }
        }

        return lines.Count == 0 ? null : string.Join('\n', lines.Prepend(call));
    }

    /// <summary>
    /// The lines of user code. They identify a wait. The line above them does not: optimized code has another method there.
    /// </summary>
    public static string UserLines(string described) => described[(described.IndexOf('\n') + 1)..];

    /// <summary>The innermost line of user code.</summary>
    public static string TopLine(string described) => UserLines(described).Split('\n')[0];

    /// <summary>True for the runtime and for AsyncKit, by the name of the assembly.</summary>
    public static bool IsRuntime(string assembly) =>
        assembly is "AsyncKit" or "AsyncKit.Diagnostics"
        || assembly.StartsWith("System.", StringComparison.Ordinal)
        || assembly.StartsWith("Microsoft.", StringComparison.Ordinal);
}
