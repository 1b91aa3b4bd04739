using System.Globalization;

namespace AsyncKit;

/// <summary>Represents the outcome of every item of a fan-out.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <typeparam name="TResult">The type of the results.</typeparam>
public sealed class FanOutReport<T, TResult> : ILimitedOutcome
{
    private readonly CancellationToken _token;
    private TimeoutException? _limit; // The earliest of nested ones.
    private bool _isLimitTheCause;

    internal FanOutReport(
        IReadOnlyList<FanOutOutcome<T, TResult>> outcomes,
        Exception? sourceException,
        bool isCancelled,
        CancellationToken token,
        bool isDrained = false)
    {
        Outcomes = outcomes;
        SourceException = sourceException;
        IsCancelled = isCancelled;
        IsDrained = isDrained;
        _token = token;
        SucceededCount = outcomes.Count(outcome => outcome.Kind == FanOutOutcomeKind.Succeeded);
        FailedCount = outcomes.Count(outcome => outcome.Kind == FanOutOutcomeKind.Failed);
        CancelledCount = outcomes.Count(outcome => outcome.Kind == FanOutOutcomeKind.Cancelled);
        NotStartedCount = outcomes.Count - SucceededCount - FailedCount - CancelledCount;
    }

    /// <summary>The outcomes, one per item, in source order.</summary>
    public IReadOnlyList<FanOutOutcome<T, TResult>> Outcomes { get; }

    /// <summary>The results of the items that succeeded, in source order.</summary>
    public IEnumerable<TResult> Values => Of(FanOutOutcomeKind.Succeeded).Select(outcome => outcome.Value);

    /// <summary>The outcomes of the items that failed, in source order.</summary>
    public IEnumerable<FanOutOutcome<T, TResult>> Failures => Of(FanOutOutcomeKind.Failed);

    /// <summary>The outcomes of the items that did not start, in source order.</summary>
    public IEnumerable<FanOutOutcome<T, TResult>> NotStarted => Of(FanOutOutcomeKind.NotStarted);

    /// <summary>The number of items that succeeded.</summary>
    public int SucceededCount { get; }

    /// <summary>The number of items that failed.</summary>
    public int FailedCount { get; }

    /// <summary>The number of items that the run cancelled.</summary>
    public int CancelledCount { get; }

    /// <summary>The number of items that did not start.</summary>
    public int NotStartedCount { get; }

    /// <summary>True if the caller's cancellation was the first cause and prevented an item from succeeding; otherwise,
    /// false.</summary>
    public bool IsCancelled { get; }

    /// <summary>True if <see cref="FanOutOptions.DrainToken"/> ended the run, so that items may be left in the source;
    /// otherwise, false.</summary>
    public bool IsDrained { get; }

    /// <summary>The exception of the source or of a cancellation callback; null if neither failed.</summary>
    public Exception? SourceException { get; }

    /// <summary>Returns the counts, and what ended the run early, for a log or a screen.</summary>
    /// <returns>For example "198 succeeded, 2 failed, 0 cancelled, 0 not started", or the same with "; the run was
    /// cancelled", "; the run was drained" or "; the source failed".</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{SucceededCount} succeeded, {FailedCount} failed, {CancelledCount} cancelled, {NotStartedCount} not started")
        + (IsCancelled ? "; the run was cancelled" : "")
        + (IsDrained ? "; the run was drained" : "")
        + (SourceException is null ? "" : "; the source failed");

    /// <summary>Throws the exception of a run with <see cref="FailureMode.RunToEnd"/>; returns if the run was not
    /// cancelled and no item failed.</summary>
    /// <exception cref="FanOutException">An item or the source failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled. The failures are its inner
    /// exception.</exception>
    /// <exception cref="TimeoutException">A <see cref="Deadline"/> around the run cancelled it. The message names the
    /// limit, and the failures are the inner exception.</exception>
    public void ThrowIfAnyFailed()
    {
        var failed = FailedCount > 0 || SourceException is not null ? AllFailures() : null;
        if (IsCancelled && _isLimitTheCause)
        {
            throw new TimeoutException(_limit!.Message, failed);
        }

        if (IsCancelled)
        {
            throw failed is null
                ? new OperationCanceledException(_token)
                : new CanceledWithFailureException(failed, _token);
        }

        if (failed is not null)
        {
            throw failed;
        }
    }

    void ILimitedOutcome.OnStoppedBy(TimeoutException limit, bool isCallerCancelled)
    {
        _limit ??= limit;
        _isLimitTheCause |= !isCallerCancelled;
    }

    private FanOutException AllFailures()
    {
        List<FanOutFailure> failures =
            [.. Failures.Select(failure => new FanOutFailure(failure.Index, failure.Item, failure.Exception!))];
        IEnumerable<Exception> source = SourceException is null ? [] : [SourceException];
        return new FanOutException(failures, failures.Select(failure => failure.Exception).Concat(source));
    }

    private IEnumerable<FanOutOutcome<T, TResult>> Of(FanOutOutcomeKind kind) =>
        Outcomes.Where(outcome => outcome.Kind == kind);
}

/// <summary>Represents the outcome of every item of a fan-out whose operation returns no result.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed class FanOutReport<T> : ILimitedOutcome
{
    private readonly FanOutReport<T, Unit> _report;

    internal FanOutReport(FanOutReport<T, Unit> report)
    {
        _report = report;
        Outcomes = [.. report.Outcomes.Select(outcome => new FanOutOutcome<T>(outcome))];
    }

    /// <inheritdoc cref="FanOutReport{T, TResult}.Outcomes"/>
    public IReadOnlyList<FanOutOutcome<T>> Outcomes { get; }

    /// <inheritdoc cref="FanOutReport{T, TResult}.Failures"/>
    public IEnumerable<FanOutOutcome<T>> Failures => Of(FanOutOutcomeKind.Failed);

    /// <inheritdoc cref="FanOutReport{T, TResult}.NotStarted"/>
    public IEnumerable<FanOutOutcome<T>> NotStarted => Of(FanOutOutcomeKind.NotStarted);

    /// <inheritdoc cref="FanOutReport{T, TResult}.SucceededCount"/>
    public int SucceededCount => _report.SucceededCount;

    /// <inheritdoc cref="FanOutReport{T, TResult}.FailedCount"/>
    public int FailedCount => _report.FailedCount;

    /// <inheritdoc cref="FanOutReport{T, TResult}.CancelledCount"/>
    public int CancelledCount => _report.CancelledCount;

    /// <inheritdoc cref="FanOutReport{T, TResult}.NotStartedCount"/>
    public int NotStartedCount => _report.NotStartedCount;

    /// <inheritdoc cref="FanOutReport{T, TResult}.IsCancelled"/>
    public bool IsCancelled => _report.IsCancelled;

    /// <inheritdoc cref="FanOutReport{T, TResult}.IsDrained"/>
    public bool IsDrained => _report.IsDrained;

    /// <inheritdoc cref="FanOutReport{T, TResult}.SourceException"/>
    public Exception? SourceException => _report.SourceException;

    /// <inheritdoc cref="FanOutReport{T, TResult}.ToString"/>
    public override string ToString() => _report.ToString();

    /// <inheritdoc cref="FanOutReport{T, TResult}.ThrowIfAnyFailed"/>
    public void ThrowIfAnyFailed() => _report.ThrowIfAnyFailed();

    void ILimitedOutcome.OnStoppedBy(TimeoutException limit, bool isCallerCancelled) =>
        ((ILimitedOutcome)_report).OnStoppedBy(limit, isCallerCancelled);

    private IEnumerable<FanOutOutcome<T>> Of(FanOutOutcomeKind kind) =>
        Outcomes.Where(outcome => outcome.Kind == kind);
}
