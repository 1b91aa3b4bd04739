namespace AsyncKit;

/// <summary>A callback that runs when its owner closes, regardless of earlier failures.</summary>
internal sealed class Cleanup(Func<CancellationToken, ValueTask> callback, bool takesToken = true)
{
    public Cleanup(Action callback)
        : this(
            _ =>
            {
                callback();
                return default;
            },
            takesToken: false)
    {
    }

    public static Cleanup OfResource(object resource) => new(_ => Disposal.DisposeAsync(resource), takesToken: false);

    /// <summary>Runs the callback. Never throws.</summary>
    /// <param name="limit">The time after which the callback's token is cancelled.</param>
    /// <param name="clock">The clock of the limit.</param>
    /// <param name="failures">Receives the exceptions of the callback and of callbacks on its token.</param>
    public async Task RunAsync(TimeSpan limit, TimeProvider clock, List<Exception> failures)
    {
        var outcome = await DeadlineEngine.TryRunAsync(
            static (callback, token) => DelegateAdapters.WithUnitAsync(callback(token)),
            callback,
            new DeadlineContext(clock, takesToken ? limit : Timeout.InfiniteTimeSpan, Name: "cleanup"),
            CancellationToken.None,
            isSingleUse: takesToken).NoContext();
        if (outcome.Exception is { } exception)
        {
            failures.Add(exception);
        }

        if (outcome.CallbackFailure is { } callbackFailure)
        {
            failures.Add(callbackFailure);
        }
    }
}
