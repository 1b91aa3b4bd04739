namespace AsyncKit.Diagnostics;

/// <summary>A group of thread-pool threads in the same method of user code.</summary>
/// <param name="StackTrace">The stack of one of them.</param>
/// <param name="Threads">The number of threads.</param>
internal sealed record ThreadPoolHotspot(string StackTrace, int Threads)
{
    /// <summary>The innermost method of user code.</summary>
    public string Method => UserStack.TopLine(StackTrace).TrimStart()["at ".Length..];

    public static IReadOnlyList<ThreadPoolHotspot> Of(IEnumerable<string> stacks) =>
    [
        .. stacks.GroupBy(UserStack.TopLine, StringComparer.Ordinal)
            .Select(static group => new ThreadPoolHotspot(group.First(), group.Count())),
    ];
}
