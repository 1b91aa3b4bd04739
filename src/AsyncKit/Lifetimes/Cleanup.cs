namespace AsyncKit;

/// <summary>Something to be done at the end, whatever happened before.</summary>
internal sealed class Cleanup
{
    private readonly Func<CancellationToken, ValueTask> _run;
    private readonly bool _takesToken;

    private Cleanup(Func<CancellationToken, ValueTask> run, bool takesToken)
    {
        _run = run;
        _takesToken = takesToken;
    }

    public static Cleanup Of(Func<CancellationToken, ValueTask> run) => new(run, takesToken: true);

    public static Cleanup Of(Action run) => new(
        _ =>
        {
            run();
            return default;
        },
        takesToken: false);

    public static Cleanup OfResource(object resource) => new(_ => Disposal.DisposeAsync(resource), takesToken: false);

    /// <summary>Never throws.</summary>
    /// <param name="limit">Its token is cancelled after that.</param>
    /// <param name="clock">The clock for the limit.</param>
    /// <param name="failures">Gets what it throws.</param>
    public async Task RunAsync(TimeSpan limit, TimeProvider clock, List<Exception> failures)
    {
        if (!_takesToken)
        {
            await CatchAsync(default, failures).NoContext();
            return;
        }

        var time = new TimeoutTokenSource(limit, clock);
        await CatchAsync(time, failures).NoContext();
        await time.DisposeAsync().NoContext();
        if (time.CallbackFailure is { } failure)
        {
            failures.Add(failure);
        }

        async Task CatchAsync(TimeoutTokenSource? time, List<Exception> failures)
        {
            try
            {
                await _run(time?.Token ?? default).NoContext();
            }
            catch (OperationCanceledException exception) when (time is { IsReached: true })
            {
                failures.Add(new TimeoutException($"A cleanup did not end within its limit of {limit}.", exception));
            }
            catch (Exception exception)
            {
                failures.Add(exception);
            }
        }
    }
}
