namespace AsyncKit.Testing;

/// <summary>A schedule of <see cref="AsyncTest"/> has failed. The message says how, and which seed replays
/// it.</summary>
#pragma warning disable CA1032 // Made by AsyncTest only.
public sealed class AsyncTestException : Exception
#pragma warning restore CA1032
{
    internal AsyncTestException(string message, int seed, Exception? inner)
        : base(message, inner) => Seed = seed;

    /// <summary>Put into <see cref="AsyncTestOptions.Seed"/>, runs exactly this schedule again.</summary>
    public int Seed { get; }
}
