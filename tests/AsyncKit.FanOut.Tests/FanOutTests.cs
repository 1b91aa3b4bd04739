namespace AsyncKit.Tests;

/// <summary>The base class of the fan-out contracts.</summary>
public abstract class FanOutTests(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : IClassFixture<NothingLeftBehind>
{
    protected NothingLeftBehind Leaks { get; } = leaks;

    protected bool IsPulled => subject.IsPulled;

    protected int Ahead => subject.Ahead;

    protected bool IsInSourceOrder => subject.IsInSourceOrder;

    protected bool IsTokenTheRuns => subject.IsTokenTheRuns;

    protected static FanOutOptions StopAtFirst(int limit) =>
        new() { MaxConcurrency = limit, OnFailure = FailureMode.StopAtFirst };

    protected static FanOutOptions RunToEnd(int limit) =>
        new() { MaxConcurrency = limit, OnFailure = FailureMode.RunToEnd };

    protected static async Task<Exception> FailureOfAsync(Task run)
    {
        try
        {
            await run.OrHangs();
        }
        catch (Exception exception)
        {
            return exception;
        }

        throw new InvalidOperationException("The run succeeded.");
    }

    protected Task RunAsync(Func<Task> test) => world.RunHereAndOnThreadsAsync(test);

    protected Task<TResult[]> FanOutAsync<T, TResult>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        subject.FanOutAsync(items, options, operation, cancellationToken);

    protected Task FanOutAsync<T>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        subject.FanOutAsync(items, options, operation, cancellationToken);
}
