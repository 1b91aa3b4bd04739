namespace AsyncKit.Http;

/// <summary>Tells a receiver of progress, which may be that of many downloads at once.</summary>
/// <remarks>
/// Invariants:
/// (1) One report at a time. A snapshot is made when its turn has come, so that none is older than the one before it.
/// (2) One that comes during another is left out, unless it must be told: then it waits.
/// (3) After it has thrown, the receiver is not called again.
/// </remarks>
internal sealed class SequentialProgress<T>(IProgress<T> receiver)
{
    private readonly AsyncLock _turn = new();

    /// <summary>What it has thrown.</summary>
    public Exception? Failure { get; private set; }

    /// <returns>What the receiver has thrown now; null mostly.</returns>
    public Exception? TryReport<TState>(Func<TState, T> snapshot, TState state)
    {
        if (!_turn.TryAcquire(out var lease))
        {
            return null;
        }

        using (lease)
        {
            return Report(snapshot, state);
        }
    }

    /// <inheritdoc cref="TryReport"/>
    public async ValueTask<Exception?> ReportAsync<TState>(Func<TState, T> snapshot, TState state)
    {
        using (await _turn.AcquireAsync(CancellationToken.None).NoContext())
        {
            return Report(snapshot, state);
        }
    }

    private Exception? Report<TState>(Func<TState, T> snapshot, TState state)
    {
        if (Failure is not null)
        {
            return null;
        }

        try
        {
            receiver.Report(snapshot(state));
        }
        catch (Exception exception)
        {
            Failure = exception;
        }

        return Failure;
    }
}
