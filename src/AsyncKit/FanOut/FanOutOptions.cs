using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Polly;

namespace AsyncKit;

/// <summary>Represents the settings of a fan-out.</summary>
/// <remarks>
/// Immutable. Any number of fan-outs can share an instance. Each property validates its value when it is set. A
/// combination of properties is validated at the call of the fan-out.
/// </remarks>
public sealed record FanOutOptions
{
    private const int MostLookahead = 1 << 20;
    private const int MostLookaheadByDefault = 1 << 16;
    private const int LookaheadPerSlot = 8;

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>Creates options whose properties have their defaults.</summary>
    public FanOutOptions()
    {
    }

    /// <summary>Creates options with a limit.</summary>
    /// <param name="maxConcurrency">The maximum number of operations that run at the same time. At least 1;
    /// <see cref="int.MaxValue"/> for no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    [SetsRequiredMembers]
    public FanOutOptions(int maxConcurrency) => MaxConcurrency = Guards.AtLeast(maxConcurrency, 1);

    /// <summary>The maximum number of operations that run at the same time.</summary>
    /// <value>At least 1; <see cref="int.MaxValue"/> for no limit. Required, without a default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public required int MaxConcurrency
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxConcurrency));
    }

    /// <summary>The effect of a failed item on the other items.</summary>
    /// <value>The default is null, the default of the entry point: <see cref="FailureMode.StopAtFirst"/> for
    /// FanOutAsync and FanOutStream, <see cref="FailureMode.RunToEnd"/> for FanOutReportAsync and
    /// FanOutOutcomes.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enum.</exception>
    public FailureMode? OnFailure
    {
        get;
        init => field = value is { } mode ? Guards.Defined(mode, nameof(OnFailure)) : null;
    }

    /// <summary>The order in which a stream yields its results or outcomes.</summary>
    /// <value>The default is <see cref="FanOutOrder.Source"/>. Only streams support
    /// <see cref="FanOutOrder.Completion"/>; any other fan-out throws an <see cref="ArgumentException"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enum.</exception>
    public FanOutOrder Order
    {
        get;
        init => field = Guards.Defined(value, nameof(Order));
    }

    /// <summary>The maximum number of items that a stream starts beyond the one that its reader waits for.</summary>
    /// <value>0 to 1,048,576. The default is null: 8 times <see cref="MaxConcurrency"/>, at most 65,536. Only streams
    /// support it; any other fan-out throws an <see cref="ArgumentException"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    /// <remarks>With a larger value one slow item delays the others less. A smaller value wastes less work when the
    /// reader stops early. At most <see cref="Lookahead"/> + 1 operations run at the same time.</remarks>
    public int? Lookahead
    {
        get;
        init => field = Guards.InRange(value, 0, MostLookahead, nameof(Lookahead));
    }

    /// <summary>The maximum duration of an item, including all its attempts and the waits between them.</summary>
    /// <value>Zero or more. Null, the default, or <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <remarks>
    /// An item that takes longer fails with a <see cref="TimeoutException"/> that contains its index. The time starts
    /// with the first call of the operation. An operation that ignores its token is still awaited.
    /// </remarks>
    public TimeSpan? ItemTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(ItemTimeout));
    }

    /// <summary>The retries of an item that fails. The item keeps its slot while it waits for its next
    /// attempt.</summary>
    /// <value>The default is null: one attempt per item.</value>
    public RetryOptions? Retry { get; init; }

    /// <summary>The Polly pipeline that executes the operation of each item. Its exceptions are thrown
    /// unwrapped.</summary>
    /// <value>The default is null. It cannot be combined with <see cref="ItemTimeout"/> or <see cref="Retry"/>.</value>
    public ResiliencePipeline? Pipeline { get; init; }

    /// <summary>The rate limiter that each attempt of an item acquires a lease of before it starts, for example a
    /// <see cref="TokenBucketRateLimiter"/>. Retries count.</summary>
    /// <value>The default is null. The caller disposes the limiter.</value>
    /// <remarks>
    /// After a rejected lease the attempt waits for the Retry-After hint of the limiter, or for 50 ms without a hint, and
    /// acquires again. The item keeps its slot while it waits. <see cref="ItemTimeout"/> excludes the wait of the first
    /// attempt, and includes that of a retry. The lease is disposed when the attempt completes, so a
    /// <see cref="ConcurrencyLimiter"/> limits the attempts in flight.
    /// </remarks>
    public RateLimiter? StartRate { get; init; }

    /// <summary>The duration after which an item that is still running is slow. A slow item is reported once to
    /// <see cref="OnSlowItem"/> and logged as a warning.</summary>
    /// <value>1 ms to 49 days. The default, null, disables the report. It requires <see cref="OnSlowItem"/> or
    /// <see cref="Logger"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? SlowItemThreshold
    {
        get;
        init => field = Guards.InRange(value, ShortestInterval, Guards.MaxTimeout, nameof(SlowItemThreshold));
    }

    /// <summary>The callback for an item that is still running after <see cref="SlowItemThreshold"/>. It runs on the
    /// thread pool. If it throws, the run ends with that error.</summary>
    /// <value>The default is null. It requires <see cref="SlowItemThreshold"/>.</value>
    public Action<SlowItem>? OnSlowItem { get; init; }

    /// <summary>The name of the run in messages, logs, and the tags of metrics and spans. Use few distinct names,
    /// because a metric keeps a time series for each.</summary>
    /// <value>The default is null.</value>
    public string? Name { get; init; }

    /// <summary>The logger of the run. It receives slow items at the level Warning, and failed items and the completion
    /// of the run at the level Debug. A message contains the index of an item, never the item.</summary>
    /// <value>The default is null.</value>
    /// <remarks>With <see cref="FailureMode.RunToEnd"/> a failed item is logged at the level Warning, since the run may
    /// have no end that reports it. At most one warning is logged per 10 s; the next one contains the number of failures
    /// since then.</remarks>
    public ILogger? Logger { get; init; }

    /// <summary>A limit in addition to <see cref="MaxConcurrency"/> that several fan-outs or other callers
    /// share.</summary>
    /// <value>The default is null.</value>
    /// <remarks>
    /// An item acquires a permit before it starts and releases it when it completes. It keeps its slot while it waits
    /// for the permit, and both while it waits for a retry. A gate with an adaptive limit adjusts the limit by the
    /// outcomes of the items; see <see cref="IsThrottled"/>. A fan-out inside an item must not use the same gate,
    /// because it would wait for itself: its task is faulted with an <see cref="InvalidOperationException"/> that names
    /// the gate. A source that is itself a fan-out may use it.
    /// </remarks>
    public ConcurrencyGate? Gate { get; init; }

    /// <summary>The predicate that selects the failures to report as overload to an adaptive <see cref="Gate"/>. A
    /// success is reported as a success; any other failure is not reported.</summary>
    /// <value>Not null. The default selects HTTP 429 and 503, <see cref="TimeoutException"/>, and the timeout of
    /// HttpClient.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    /// <remarks>It is evaluated for each failed attempt. One overloaded attempt counts for the whole item, even if a
    /// retry succeeds. If the predicate throws, the item fails with that exception.</remarks>
    public Func<Exception, bool> IsThrottled
    {
        get;
        init => field = Guards.NotNull(value, nameof(IsThrottled));
    } = Transient.IsThrottled;

    /// <summary>A limit per key in addition to <see cref="MaxConcurrency"/>, for example per host.</summary>
    /// <value>The default, null, disables the limit. The items of the source must have the type that the partition was
    /// created for. With a partition one worker at a time reads an array or a list.</value>
    public FanOutPartition? Partition { get; init; }

    /// <summary>The token that drains the run: it takes no further item from the source, completes the items that it
    /// took, and ends successfully. For example, the token that reports the shutdown of a service.</summary>
    /// <value>The default is <see cref="CancellationToken.None"/>, which never drains the run.</value>
    /// <remarks>
    /// After the token is cancelled:
    /// <list type="bullet">
    /// <item>No further item is pulled or started. Every item that was taken from the source completes, including an item
    /// that waits for its key, for <see cref="Gate"/>, for <see cref="StartRate"/> or for its next attempt.</item>
    /// <item>The operations' token is not cancelled. The caller's token still stops the run at once, with the result that
    /// it has without a drain.</item>
    /// <item>FanOutAsync returns the results of the items that were taken, which are the first ones of the source. A
    /// stream ends after their results. A report has <see cref="FanOutReport{T, TResult}.IsDrained"/> and contains the
    /// other items of an array or a list as NotStarted.</item>
    /// <item>The token of the source's enumerator is cancelled too, so an idle channel reader ends. An
    /// <see cref="OperationCanceledException"/> that the source throws from then on is its end, not a failure, unless it
    /// contains a failure or a <see cref="TimeoutException"/>. The run waits for a MoveNext that ignores the token, and completes the
    /// item that it yields.</item>
    /// <item>A token that is cancelled at the call ends the run before it uses the source.</item>
    /// </list>
    /// Cost: two objects and a registration per run. No user code runs inside the Cancel() of the token.
    /// </remarks>
    public CancellationToken DrainToken { get; init; }

    /// <summary>The receiver of snapshots of the run, every <see cref="ProgressInterval"/> and once at the end, before
    /// the task or the stream completes.</summary>
    /// <value>The default is null.</value>
    /// <remarks>
    /// It is called on the thread pool, in order, one call at a time. A <see cref="Progress{T}"/> posts each snapshot
    /// to the SynchronizationContext in which it was created. If the receiver throws, it is not called again, and the
    /// run ends with that error.
    /// </remarks>
    public IProgress<FanOutProgress>? Progress { get; init; }

    /// <summary>The interval between two snapshots for <see cref="Progress"/>. A snapshot that is due during another is
    /// skipped.</summary>
    /// <value>1 ms to 49 days. The default is 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan ProgressInterval
    {
        get;
        init => field = Guards.InRange(value, ShortestInterval, Guards.MaxTimeout, nameof(ProgressInterval));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The clock that the run measures, waits and schedules by.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    /// <summary>True if the operation runs in an <see cref="ItemPipeline{T, TResult}"/>.</summary>
    internal bool IsDecorated => ItemTimeout is not null || MayCallAgain || WaitsForStart;

    internal bool MayCallAgain => Retry is not null || Pipeline is not null;

    internal bool WaitsForStart => StartRate is not null || Gate is not null;

    /// <summary>True if the options alone require a <see cref="FanOutObserver{T}"/>.</summary>
    internal bool IsObserved => Progress is not null || SlowItemThreshold is not null || Logger is not null;

    internal int LookaheadOrDefault =>
        Lookahead ?? (int)Math.Min((long)LookaheadPerSlot * MaxConcurrency, MostLookaheadByDefault);

    /// <summary>Validates combinations. Called by each entry point, because a <c>with</c> expression sets properties in
    /// any order.</summary>
    internal static void CheckTogether(FanOutOptions options)
    {
        if (options.Pipeline is not null && (options.ItemTimeout is not null || options.Retry is not null))
        {
            throw new ArgumentException(
                "Pipeline must be null if ItemTimeout or Retry is set; add both to the pipeline instead.",
                nameof(options));
        }

        if (options.OnSlowItem is not null && options.SlowItemThreshold is null)
        {
            throw new ArgumentException(
                "OnSlowItem requires SlowItemThreshold; set a threshold.", nameof(options));
        }

        if (options is { SlowItemThreshold: not null, OnSlowItem: null, Logger: null })
        {
            throw new ArgumentException(
                "SlowItemThreshold requires OnSlowItem or Logger; set one of them.", nameof(options));
        }
    }
}
