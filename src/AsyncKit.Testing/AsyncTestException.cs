namespace AsyncKit.Testing;

/// <summary>Thrown when a schedule of <see cref="AsyncTest"/> fails. The message describes the failure and the seed that
/// replays it.</summary>
#pragma warning disable CA1032 // Only AsyncTest creates it.
public sealed class AsyncTestException : Exception
#pragma warning restore CA1032
{
    internal AsyncTestException(string message, int seed, Exception? inner)
        : base(message, inner) => Seed = seed;

    /// <summary>The seed that replays this schedule, for <see cref="AsyncTestOptions.Seed"/>.</summary>
    public int Seed { get; }
}
