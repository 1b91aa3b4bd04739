namespace AsyncKit.Testing;

/// <summary>The exception that <see cref="AsyncTest"/> throws if a schedule fails. The message contains the reason and
/// the seed that replays the schedule.</summary>
#pragma warning disable CA1032 // Only AsyncTest creates it.
public sealed class AsyncTestException : Exception
#pragma warning restore CA1032
{
    internal AsyncTestException(string message, int seed, Exception? inner)
        : base(message, inner) => Seed = seed;

    /// <summary>The seed of the failed schedule. Set it as <see cref="AsyncTestOptions.Seed"/> to replay the
    /// schedule.</summary>
    public int Seed { get; }
}
