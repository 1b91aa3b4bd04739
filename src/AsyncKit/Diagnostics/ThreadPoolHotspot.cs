namespace AsyncKit;

/// <summary>Where threads of the pool are.</summary>
/// <param name="StackTrace">Of one of them.</param>
/// <param name="Threads">How many.</param>
internal sealed record ThreadPoolHotspot(string StackTrace, int Threads)
{
    /// <summary>The user's method.</summary>
    public string Method => UserStack.Place(StackTrace).TrimStart()["at ".Length..];

    public static IReadOnlyList<ThreadPoolHotspot> Of(IEnumerable<string> stacks) =>
    [
        .. stacks.GroupBy(UserStack.Place, StringComparer.Ordinal)
            .Select(static group => new ThreadPoolHotspot(group.First(), group.Count())),
    ];
}
