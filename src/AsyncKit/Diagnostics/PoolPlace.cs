namespace AsyncKit;

/// <summary>Where threads of the pool are.</summary>
/// <param name="StackTrace">Of one of them.</param>
/// <param name="Threads">How many.</param>
internal sealed record PoolPlace(string StackTrace, int Threads)
{
    /// <summary>The user's method.</summary>
    public string Method => WaitStack.Place(StackTrace).TrimStart()["at ".Length..];

    public static IReadOnlyList<PoolPlace> Of(IEnumerable<string> stacks) =>
    [
        .. stacks.GroupBy(WaitStack.Place, StringComparer.Ordinal)
            .Select(static group => new PoolPlace(group.First(), group.Count())),
    ];
}
