namespace AsyncKit.Http;

/// <summary>Serializes the reports to a progress receiver, which several downloads may share.</summary>
/// <remarks>
/// Invariants:
/// (1) One report at a time. The snapshot is created inside the lock, so no report is older than the one before it.
/// (2) A report that arrives during another is skipped, except the last one of a download, which waits.
/// (3) The receiver is not called again after it threw.
/// </remarks>
internal sealed class SequentialProgress<T>(IProgress<T> receiver)
{
    private readonly AsyncLock _lock = new();

    /// <summary>The exception of the receiver; null if it did not throw.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Reports a snapshot, unless another report is in progress.</summary>
    /// <returns>The exception of the receiver if this report threw; otherwise, null.</returns>
    public Exception? TryReport<TState>(Func<TState, T> snapshot, TState state)
    {
        if (!_lock.TryAcquire(out var lease))
        {
            return null;
        }

        using (lease)
        {
            return Report(snapshot, state);
        }
    }

    /// <summary>Reports a snapshot after the report in progress.</summary>
    /// <inheritdoc cref="TryReport" path="/returns"/>
    public async ValueTask<Exception?> ReportAsync<TState>(Func<TState, T> snapshot, TState state)
    {
        using (await _lock.AcquireAsync(CancellationToken.None).NoContext())
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
