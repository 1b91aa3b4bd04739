using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>
/// Observes the items of a run for progress, metrics, spans, logs and slow items. A run without listeners has no
/// observer and pays one comparison per item.
/// </summary>
/// <remarks>
/// Which listeners exist is read once, when the run starts. They receive every later event, so that an up-down counter
/// that was incremented is decremented.
/// </remarks>
internal sealed class FanOutObserver<T>(
    FanOutOptions options,
    FailureWarnings? warnings,
    Func<int?> total,
    Action<Exception> fail,
    bool isMeasured,
    bool isTraced)
{
    private static readonly string[] OutcomeNames = ["not_started", "succeeded", "failed", "cancelled"]; // By kind.

    private readonly FanOutCounters _counters = new();
    private readonly TimeProvider _clock = AsyncEnvironment.Clock(options.TimeProvider);
    private readonly KeyValuePair<string, object?>[] _tags = NameTags(options);
    private readonly KeyValuePair<string, object?>[][] _tagsByOutcome =
        Array.ConvertAll<string, KeyValuePair<string, object?>[]>(
            OutcomeNames, outcome => [.. NameTags(options), new(FanOutTelemetry.OutcomeTag, outcome)]);

    private ProgressReporter? _progress;
    private Activity? _span;
    private ActivityContext _parent;
    private long _startedAt;

    /// <summary>The caller's context, with the span of the run; null if its flow is suppressed.</summary>
    public ExecutionContext? Context { get; private set; }

    /// <summary>True if the durations of the items must be measured.</summary>
    public bool NeedsDurations => isMeasured || options.Logger is not null;

    /// <param name="options">The options of the run.</param>
    /// <param name="onFailure">The effect of a failed item. A run that continues may be endless, so its failures are
    /// logged as warnings.</param>
    /// <param name="total">Returns the number of items; null if it is unknown.</param>
    /// <param name="fail">Records an exception of a user-supplied callback.</param>
    /// <returns>An observer; null if there are no listeners.</returns>
    public static FanOutObserver<T>? TryCreate(
        FanOutOptions options, FailureMode onFailure, Func<int?> total, Action<Exception> fail)
    {
        var isMeasured = FanOutTelemetry.IsEnabled;
        var isTraced = Telemetry.Spans.HasListeners();
        if (!isMeasured && !isTraced && !options.IsObserved)
        {
            return null;
        }

        var warnings = options.Logger is not null && onFailure == FailureMode.RunToEnd
            ? new FailureWarnings(AsyncEnvironment.Clock(options.TimeProvider))
            : null;
        return new FanOutObserver<T>(options, warnings, total, fail, isMeasured, isTraced);
    }

    /// <summary>Starts the span of the run.</summary>
    /// <returns>The caller's context, in which that span is current.</returns>
    public ExecutionContext? CaptureContext()
    {
        var callers = Activity.Current;
        _parent = callers?.Context ?? default;
        if (!isTraced)
        {
            return Context = ExecutionContext.Capture();
        }

        try
        {
            _span = Telemetry.Spans.StartActivity(FanOutTelemetry.RunSpan);
            if (_span is not null)
            {
                _parent = _span.Context;
                _ = _span.SetTag(FanOutTelemetry.LimitTag, options.MaxConcurrency);
                _ = options.Name is { } name ? _span.SetTag(FanOutTelemetry.NameTag, name) : null;
            }

            return Context = ExecutionContext.Capture();
        }
        finally
        {
            Activity.Current = callers;
        }
    }

    public void BeginRun()
    {
        _startedAt = _clock.GetTimestamp();
        if (isMeasured)
        {
            FanOutTelemetry.ActiveRuns.Add(1, _tags);
        }

        if (options.Progress is { } receiver)
        {
            _progress = new ProgressReporter(receiver, _counters, total, _clock);
            _progress.Start(options.ProgressInterval);
        }
    }

    /// <summary>Makes the final report of the progress. Called after the last item.</summary>
    public ValueTask FinishProgressAsync() => _progress?.FinishAsync() ?? default;

    /// <param name="kind">The outcome of the run.</param>
    /// <param name="exception">The exception that the run ends with; null if it succeeds.</param>
    public void EndRun(FanOutOutcomeKind kind, Exception? exception)
    {
        if (isMeasured)
        {
            FanOutTelemetry.ActiveRuns.Add(-1, _tags);
        }

        if (_span is not null)
        {
            StopSpan(_span, kind, exception);
        }

        if (options.Logger is { } logger)
        {
            var elapsed = _clock.GetElapsedTime(_startedAt);
            var name = options.Name ?? "The fan-out";
            if (warnings?.TakeSuppressed() is > 0 and var suppressed)
            {
                Log.FailuresSuppressed(logger, name, suppressed);
            }

            Log.FanOutCompleted(logger, name, _counters.Succeeded, _counters.Failed, _counters.Cancelled, elapsed);
        }
    }

    public void OnStarted(T item, ItemState slot)
    {
        slot.IsCounted = true; // Must be first: if a listener throws below, the item still completes.
        _counters.Start();
        if (isMeasured)
        {
            slot.IsActive = true;
            FanOutTelemetry.Active.Add(1, _tags);
        }

        if (isTraced)
        {
            slot.Span = Telemetry.Spans.StartActivity(
                FanOutTelemetry.ItemSpan,
                ActivityKind.Internal,
                _parent,
                [new(FanOutTelemetry.IndexTag, slot.Index)]);
        }

        if (options.SlowItemThreshold is { } threshold)
        {
            var watch = (SlowItemWatch<T>)(slot.Watch ??= new SlowItemWatch<T>(this, threshold, _clock));
            watch.Arm(slot.Index, item);
        }
    }

    public void OnWaited(TimeSpan wait)
    {
        if (isMeasured)
        {
            FanOutTelemetry.ItemWait.Record(wait.TotalSeconds, _tags);
        }
    }

    public void OnRetry()
    {
        _counters.Retry();
        if (isMeasured)
        {
            FanOutTelemetry.Retries.Add(1, _tags);
        }
    }

    /// <summary>Records the outcome of an item that was taken, even if it failed before its start. Only the first call
    /// per item has an effect.</summary>
    public void OnEnded(FanOutOutcomeKind kind, ItemState slot, Exception? exception)
    {
        if (slot.IsEnded)
        {
            return;
        }

        slot.IsEnded = true; // Must be first: if a listener throws below, the item is not counted twice.
        if (!slot.IsCounted)
        {
            _counters.Start();
        }

        _counters.End(kind);
        (slot.Watch as SlowItemWatch<T>)?.Disarm();
        if (isMeasured)
        {
            var tags = _tagsByOutcome[(int)kind];
            if (slot.IsActive)
            {
                FanOutTelemetry.Active.Add(-1, _tags);
            }

            FanOutTelemetry.Items.Add(1, tags);
            FanOutTelemetry.ItemDuration.Record(slot.Duration.TotalSeconds, tags);
        }

        if (slot.Span is { } span)
        {
            slot.Span = null;
            _ = span.SetTag(FanOutTelemetry.AttemptsTag, slot.Attempts);
            StopSpan(span, kind, exception);
        }

        if (kind == FanOutOutcomeKind.Failed && options.Logger is { } logger)
        {
            LogFailure(logger, slot, exception!);
        }
    }

    private void LogFailure(ILogger logger, ItemState slot, Exception exception)
    {
        var item = Subject(slot.Index);
        if (warnings is null || !warnings.TryTake(out var suppressed))
        {
            Log.ItemFailed(logger, item, slot.Attempts, slot.Duration, exception);
        }
        else if (suppressed == 0)
        {
            Log.ItemFailedInRun(logger, item, slot.Attempts, slot.Duration, exception);
        }
        else
        {
            Log.ItemsFailedInRun(logger, item, slot.Attempts, slot.Duration, suppressed, exception);
        }
    }

    /// <summary>Called by the timer of a worker.</summary>
    public void OnSlow(T item, long index, TimeSpan elapsed)
    {
        try
        {
            if (options.Logger is { } logger)
            {
                Log.ItemIsSlow(logger, Subject(index), elapsed);
            }

            options.OnSlowItem?.Invoke(new SlowItem(item, ItemState.ShownIndex(index), elapsed));
        }
        catch (Exception exception)
        {
            fail(exception);
        }
    }

    /// <summary>A cancellation is not an error, because it was requested.</summary>
    private static void StopSpan(Activity span, FanOutOutcomeKind kind, Exception? exception)
    {
        _ = span.SetTag(FanOutTelemetry.OutcomeTag, OutcomeNames[(int)kind]);
        if (kind == FanOutOutcomeKind.Failed && exception is not null)
        {
            _ = span.SetStatus(ActivityStatusCode.Error, exception.Message).AddException(exception);
        }

        span.Stop();
    }

    private static KeyValuePair<string, object?>[] NameTags(FanOutOptions options) =>
        options.Name is { } name ? [new(FanOutTelemetry.NameTag, name)] : [];

    private string Subject(long index) => DeadlineContext.SubjectOf(options.Name, index);
}
