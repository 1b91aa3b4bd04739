namespace AsyncKit.Tests;

/// <summary>The base class of the contracts about enumerators.</summary>
public abstract class PulledFanOutTests(PulledSubject subject, World world, NothingLeftBehind leaks)
    : IClassFixture<NothingLeftBehind>
{
    protected NothingLeftBehind Leaks { get; } = leaks;

    protected static FanOutOptions Limit(int limit) => new() { MaxConcurrency = limit };

    private protected static void AssertUsedProperly(ProbedSource source)
    {
        Assert.Equal(1, source.Enumerated);
        Assert.Equal(1, source.Disposed);
        Assert.Equal(1, source.PeakMoveNext);
        Assert.False(source.DisposedWhileMoving);
    }

    protected Task RunAsync(Func<Task> test) => world.RunHereAndOnThreadsAsync(test);

    private protected Task<TResult[]> FanOutAsync<TResult>(
        ProbedSource source,
        FanOutOptions options,
        Func<int, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        subject.FanOutAsync(source, options, operation, cancellationToken);

    private protected PulledSource<int> Create(ProbedSource source) => subject.Create(source);
}
