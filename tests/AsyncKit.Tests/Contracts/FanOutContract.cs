namespace AsyncKit.Tests;

/// <summary>
/// What every fan-out guarantees, whatever its source: one test for each line of the type's documentation. A source
/// kind is a subclass of five lines.
/// </summary>
public abstract partial class FanOutContract(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    protected NothingLeftBehind Leaks { get; } = leaks;

    /// <summary>True when items are pulled one by one while the run goes on, so that the source may be
    /// endless.</summary>
    protected abstract bool IsPulled { get; }

    protected static FanOutOptions StopAtFirst(int limit) => new() { MaxConcurrency = limit };

    protected static FanOutOptions RunToEnd(int limit) =>
        new() { MaxConcurrency = limit, OnFailure = FailureMode.RunToEnd };

    protected abstract Task<TResult[]> FanOutAsync<T, TResult>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default);

    protected abstract Task FanOutAsync<T>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default);

    private static async Task<Exception> FailureOfAsync(Task run)
    {
        try
        {
            await run.OrHangs();
        }
        catch (Exception exception)
        {
            return exception;
        }

        throw new InvalidOperationException("The run has succeeded.");
    }

    private static IEnumerable<int> Endless()
    {
        for (var item = 0; ; item = unchecked(item + 1))
        {
            yield return item;
        }
    }
}
