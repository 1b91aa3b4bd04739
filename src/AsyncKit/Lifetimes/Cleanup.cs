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
            limit = Timeout.InfiniteTimeSpan;
        }

        var outcome = await DeadlineEngine.TryRunAsync(
            static (run, token) => DelegateAdapters.WithUnitAsync(run(token)),
            _run,
            new DeadlineContext(clock, limit, Name: "cleanup"),
            CancellationToken.None).NoContext();
        failures.AddRange(new[] { outcome.Exception, outcome.CallbackFailure }.OfType<Exception>());
    }
}
