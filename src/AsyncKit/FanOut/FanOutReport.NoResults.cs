namespace AsyncKit;

/// <summary>What became of every item of a fan-out, whose operation has no result.</summary>
/// <remarks>
/// Contains every item exactly once: of an array, a <see cref="List{T}"/> or an ImmutableArray also those that were not
/// started; of another source those that were pulled. Results that were finished are kept when the run is cancelled or
/// the source fails.
/// </remarks>
/// <typeparam name="T">The items.</typeparam>
public sealed class FanOutReport<T>
{
    private readonly FanOutReport<T, Unit> _report;

    internal FanOutReport(FanOutReport<T, Unit> report)
    {
        _report = report;
        Outcomes = [.. report.Outcomes.Select(outcome => new FanOutOutcome<T>(outcome))];
    }

    /// <summary>One for each item, in source order.</summary>
    public IReadOnlyList<FanOutOutcome<T>> Outcomes { get; }

    /// <summary>The items that failed, in source order.</summary>
    public IEnumerable<FanOutOutcome<T>> Failures => Of(FanOutOutcomeKind.Failed);

    /// <summary>The items that were not started, in source order.</summary>
    public IEnumerable<FanOutOutcome<T>> NotStarted => Of(FanOutOutcomeKind.NotStarted);

    /// <summary>How many succeeded.</summary>
    public int SucceededCount => _report.SucceededCount;

    /// <summary>How many failed.</summary>
    public int FailedCount => _report.FailedCount;

    /// <summary>How many ended with the cancellation of the run.</summary>
    public int CancelledCount => _report.CancelledCount;

    /// <summary>How many were not started.</summary>
    public int NotStartedCount => _report.NotStartedCount;

    /// <summary>True when the caller's cancellation came first, and something did not succeed for it.</summary>
    public bool IsCancelled => _report.IsCancelled;

    /// <summary>What the source has thrown, or a cancellation callback; null when nothing.</summary>
    public Exception? SourceException => _report.SourceException;

    /// <summary>Throws what a run to the end would have thrown; returns when there was no failure and no
    /// cancellation.</summary>
    /// <exception cref="FanOutException">An item or the source has failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled. What failed is the inner exception.</exception>
    public void ThrowIfAnyFailed() => _report.ThrowIfAnyFailed();

    private IEnumerable<FanOutOutcome<T>> Of(FanOutOutcomeKind kind) =>
        Outcomes.Where(outcome => outcome.Kind == kind);
}
