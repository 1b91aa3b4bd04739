namespace AsyncKit;

/// <summary>What became of every item of a fan-out, with results.</summary>
/// <remarks>
/// Contains every item exactly once: of an array, a <see cref="List{T}"/> or an ImmutableArray also those that were not
/// started; of another source those that were pulled. Results that were finished are kept when the run is cancelled or
/// the source fails.
/// </remarks>
/// <typeparam name="T">The items.</typeparam>
/// <typeparam name="TResult">The results.</typeparam>
public sealed class FanOutReport<T, TResult>
{
    private readonly CancellationToken _token;

    internal FanOutReport(
        IReadOnlyList<FanOutOutcome<T, TResult>> outcomes,
        Exception? sourceException,
        bool isCancelled,
        CancellationToken token)
    {
        Outcomes = outcomes;
        SourceException = sourceException;
        IsCancelled = isCancelled;
        _token = token;
        SucceededCount = outcomes.Count(outcome => outcome.Kind == FanOutOutcomeKind.Succeeded);
        FailedCount = outcomes.Count(outcome => outcome.Kind == FanOutOutcomeKind.Failed);
        CancelledCount = outcomes.Count(outcome => outcome.Kind == FanOutOutcomeKind.Cancelled);
        NotStartedCount = outcomes.Count - SucceededCount - FailedCount - CancelledCount;
    }

    /// <summary>One for each item, in source order.</summary>
    public IReadOnlyList<FanOutOutcome<T, TResult>> Outcomes { get; }

    /// <summary>The results of the items that succeeded, in source order.</summary>
    public IEnumerable<TResult> Values => Of(FanOutOutcomeKind.Succeeded).Select(outcome => outcome.Value);

    /// <summary>The items that failed, in source order.</summary>
    public IEnumerable<FanOutOutcome<T, TResult>> Failures => Of(FanOutOutcomeKind.Failed);

    /// <summary>The items that were not started, in source order.</summary>
    public IEnumerable<FanOutOutcome<T, TResult>> NotStarted => Of(FanOutOutcomeKind.NotStarted);

    /// <summary>How many succeeded.</summary>
    public int SucceededCount { get; }

    /// <summary>How many failed.</summary>
    public int FailedCount { get; }

    /// <summary>How many ended with the cancellation of the run.</summary>
    public int CancelledCount { get; }

    /// <summary>How many were not started.</summary>
    public int NotStartedCount { get; }

    /// <summary>True when the caller's cancellation came first, and something did not succeed for it.</summary>
    public bool IsCancelled { get; }

    /// <summary>What the source has thrown, or a cancellation callback; null when nothing.</summary>
    public Exception? SourceException { get; }

    /// <summary>Throws what a run to the end would have thrown; returns when there was no failure and no
    /// cancellation.</summary>
    /// <exception cref="FanOutException">An item or the source has failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled. What failed is the inner exception.</exception>
    public void ThrowIfAnyFailed()
    {
        var failed = FailedCount > 0 || SourceException is not null ? AllThatFailed() : null;
        if (IsCancelled)
        {
            throw failed is null ? new OperationCanceledException(_token) : new CanceledWithFailureException(failed, _token);
        }

        if (failed is not null)
        {
            throw failed;
        }
    }

    private FanOutException AllThatFailed()
    {
        List<FanOutFailure> failures =
            [.. Failures.Select(failure => new FanOutFailure(failure.Index, failure.Item, failure.Exception!))];
        IEnumerable<Exception> source = SourceException is null ? [] : [SourceException];
        return new FanOutException(failures, failures.Select(failure => failure.Exception).Concat(source));
    }

    private IEnumerable<FanOutOutcome<T, TResult>> Of(FanOutOutcomeKind kind) =>
        Outcomes.Where(outcome => outcome.Kind == kind);
}
