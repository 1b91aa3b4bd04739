using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// What wants to know about the items of a run: progress, metrics, spans, the log, the watch for slow ones. There is none
/// when nobody does, so that a run which is not looked at pays one comparison for each item.
/// </summary>
/// <remarks>Who listens when the run begins is told of all of it, so that what goes up comes down.</remarks>
internal sealed class FanOutObserver<T>
{
    private readonly FanOutCounters _counts = new();
    private readonly FanOutOptions _options;
    private readonly Func<int?> _total;
    private readonly Action<Exception> _fail;
    private readonly TimeProvider _clock;
    private readonly bool _isMeasured;
    private readonly bool _isTraced;
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly KeyValuePair<string, object?>[][] _tagsByOutcome;
    private ProgressReporter? _progress;
    private Activity? _span;
    private ActivityContext _parent;
    private long _startedAt;

    private FanOutObserver(FanOutOptions options, Func<int?> total, Action<Exception> fail, bool isMeasured, bool isTraced)
    {
        _options = options;
        _total = total;
        _fail = fail;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        _isMeasured = isMeasured;
        _isTraced = isTraced;
        _tags = options.Name is { } name ? [new(FanOutTelemetry.NameTag, name)] : [];
        _tagsByOutcome =
        [
            .. Enum.GetValues<FanOutOutcomeKind>().Select(KeyValuePair<string, object?>[] (kind) =>
                [.. _tags, new(FanOutTelemetry.OutcomeTag, NameOf(kind))]),
        ];
    }

    /// <summary>Whether the slots of the workers need the clock.</summary>
    public bool NeedsDurations => _isMeasured || _options.Logger is not null;

    /// <param name="options">Of the run.</param>
    /// <param name="total">How many items there are, as far as it is known.</param>
    /// <param name="fail">For what the user's receivers throw.</param>
    /// <returns>Null when nobody wants to know anything.</returns>
    public static FanOutObserver<T>? TryCreate(FanOutOptions options, Func<int?> total, Action<Exception> fail)
    {
        var isMeasured = FanOutTelemetry.IsEnabled;
        var isTraced = Telemetry.Spans.HasListeners();
        return isMeasured || isTraced || options.IsObserved
            ? new FanOutObserver<T>(options, total, fail, isMeasured, isTraced)
            : null;
    }

    /// <summary>Begins the span of the run.</summary>
    /// <returns>The caller's context, with that span as the current one.</returns>
    public ExecutionContext? CaptureContext()
    {
        var callers = Activity.Current;
        _parent = callers?.Context ?? default;
        if (!_isTraced)
        {
            return ExecutionContext.Capture();
        }

        try
        {
            _span = Telemetry.Spans.StartActivity(FanOutTelemetry.RunSpan);
            if (_span is not null)
            {
                _parent = _span.Context;
                _ = _span.SetTag(FanOutTelemetry.LimitTag, _options.MaxConcurrency);
                _ = _options.Name is { } name ? _span.SetTag(FanOutTelemetry.NameTag, name) : null;
            }

            return ExecutionContext.Capture();
        }
        finally
        {
            Activity.Current = callers;
        }
    }

    public void BeginRun()
    {
        _startedAt = _clock.GetTimestamp();
        if (_isMeasured)
        {
            FanOutTelemetry.ActiveRuns.Add(1, _tags);
        }

        if (_options.Progress is { } receiver)
        {
            _progress = new ProgressReporter(receiver, _options.ProgressInterval, _counts, _total, _clock);
        }
    }

    /// <summary>After the last item.</summary>
    public ValueTask FinishProgressAsync() => _progress?.FinishAsync() ?? default;

    /// <param name="kind">How the run ends.</param>
    /// <param name="exception">What it ends with; null when it has succeeded.</param>
    public void EndRun(FanOutOutcomeKind kind, Exception? exception)
    {
        if (_isMeasured)
        {
            FanOutTelemetry.ActiveRuns.Add(-1, _tags);
        }

        if (_span is not null)
        {
            EndSpan(_span, kind, exception);
        }

        if (_options.Logger is { } logger)
        {
            Log.FanOutEnded(
                logger,
                _options.Name ?? "The fan-out",
                _counts.Succeeded,
                _counts.Failed,
                _counts.Cancelled,
                _clock.GetElapsedTime(_startedAt));
        }
    }

    public void OnStarted(T item, ItemState slot)
    {
        slot.IsCounted = true; // First: whatever throws here, the item ends.
        _counts.Start();
        if (_isMeasured)
        {
            slot.IsActive = true;
            FanOutTelemetry.Active.Add(1, _tags);
        }

        if (_isTraced)
        {
            slot.Span = Telemetry.Spans.StartActivity(
                FanOutTelemetry.ItemSpan,
                ActivityKind.Internal,
                _parent,
                [new(FanOutTelemetry.IndexTag, slot.Index)]);
        }

        if (_options.SlowItemThreshold is { } threshold)
        {
            var watch = (SlowItemWatch<T>)(slot.Watch ??= new SlowItemWatch<T>(this, threshold, _clock));
            watch.Arm(slot.Index, item);
        }
    }

    public void OnWaited(TimeSpan wait)
    {
        if (_isMeasured)
        {
            FanOutTelemetry.ItemWait.Record(wait.TotalSeconds, _tags);
        }
    }

    public void OnRetry()
    {
        _counts.Retry();
        if (_isMeasured)
        {
            FanOutTelemetry.Retries.Add(1, _tags);
        }
    }

    /// <summary>Once for each item that was taken, also if it has failed before its start.</summary>
    public void OnEnded(FanOutOutcomeKind kind, ItemState slot, Exception? exception)
    {
        if (slot.IsEnded)
        {
            return;
        }

        slot.IsEnded = true; // First: whatever throws here, the item has ended once.
        if (!slot.IsCounted)
        {
            _counts.Start();
        }

        _counts.End(kind);
        (slot.Watch as SlowItemWatch<T>)?.Disarm();
        if (_isMeasured)
        {
            Measure(kind, slot);
        }

        if (slot.Span is { } span)
        {
            slot.Span = null;
            _ = span.SetTag(FanOutTelemetry.AttemptsTag, slot.Attempts);
            EndSpan(span, kind, exception);
        }

        if (kind == FanOutOutcomeKind.Failed && _options.Logger is { } logger)
        {
            Log.ItemFailed(logger, Subject(slot.Index), slot.Attempts, slot.Duration, exception!);
        }
    }

    /// <summary>By the timer of a worker.</summary>
    public void OnSlow(T item, long index, TimeSpan elapsed)
    {
        try
        {
            if (_options.Logger is { } logger)
            {
                Log.ItemIsSlow(logger, Subject(index), elapsed);
            }

            _options.OnSlowItem?.Invoke(new SlowItem(item, ItemState.ShownIndex(index), elapsed));
        }
        catch (Exception exception)
        {
            _fail(exception);
        }
    }

    private static string NameOf(FanOutOutcomeKind kind) => kind switch
    {
        FanOutOutcomeKind.Succeeded => "succeeded",
        FanOutOutcomeKind.Failed => "failed",
        FanOutOutcomeKind.Cancelled => "cancelled",
        _ => "not_started",
    };

    /// <summary>A cancellation is no error: somebody wanted it.</summary>
    private static void EndSpan(Activity span, FanOutOutcomeKind kind, Exception? exception)
    {
        _ = span.SetTag(FanOutTelemetry.OutcomeTag, NameOf(kind));
        if (kind == FanOutOutcomeKind.Failed && exception is not null)
        {
            _ = span.SetStatus(ActivityStatusCode.Error, exception.Message).AddException(exception);
        }

        span.Stop();
    }

    private void Measure(FanOutOutcomeKind kind, ItemState slot)
    {
        if (slot.IsActive)
        {
            FanOutTelemetry.Active.Add(-1, _tags);
        }

        FanOutTelemetry.Items.Add(1, _tagsByOutcome[(int)kind]);
        FanOutTelemetry.ItemDuration.Record(slot.Duration.TotalSeconds, _tagsByOutcome[(int)kind]);
    }

    private string Subject(long index) => DeadlineContext.SubjectOf(_options.Name, index);
}
