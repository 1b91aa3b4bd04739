using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Polly;

namespace AsyncKit;

/// <summary>
/// How a fan-out runs. Immutable, checked when set: a wrong value throws where it is written, not where it is used.
/// One object may be shared by any number of fan-outs.
/// </summary>
public sealed record FanOutOptions
{
    private const int MostLookahead = 1 << 20;
    private const int MostLookaheadByDefault = 1 << 16;
    private const int LookaheadPerSlot = 8;

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>The most operations that run at the same time.</summary>
    /// <value>At least 1; no default. <see cref="int.MaxValue"/> means unbounded, on purpose.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public required int MaxConcurrency
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxConcurrency));
    }

    /// <summary>What happens to the rest when an item fails.</summary>
    /// <value><see cref="FailureMode.StopAtFirst"/> by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public FailureMode OnFailure
    {
        get;
        init => field = Guards.Defined(value, nameof(OnFailure));
    }

    /// <summary>In which order a stream hands out its items.</summary>
    /// <value><see cref="FanOutOrder.Source"/> by default. Only for streams: a fan-out that returns an array or a report
    /// refuses <see cref="FanOutOrder.Completion"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public FanOutOrder Order
    {
        get;
        init => field = Guards.Defined(value, nameof(Order));
    }

    /// <summary>How many items of a stream may be started beyond the one that the reader waits for. The larger, the less
    /// one slow item holds up the others; the smaller, the less is done in vain when the reader leaves.</summary>
    /// <value>0 to 1,048,576; null for 8 x <see cref="MaxConcurrency"/>, at most 65,536. No more than this and one run at
    /// once. Only for streams: a fan-out that returns an array or a report refuses it.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int? Lookahead
    {
        get;
        init => field = Guards.InRange(value, 0, MostLookahead, nameof(Lookahead));
    }

    /// <summary>How long an item may take, over all its attempts and the waits between them. One that takes longer has
    /// failed with a <see cref="TimeoutException"/> that names its index.</summary>
    /// <value>Zero or more; null by default and <see cref="Timeout.InfiniteTimeSpan"/> mean none. It begins when the
    /// operation is called, and an operation that ignores its token is awaited all the same.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? ItemTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(ItemTimeout));
    }

    /// <summary>When and how often an item is tried again. Its slot is held while it waits for the next attempt.</summary>
    /// <value>Null by default: an item is tried once.</value>
    public RetryOptions? Retry { get; init; }

    /// <summary>A Polly pipeline around each item, in place of <see cref="ItemTimeout"/> and <see cref="Retry"/>. What it
    /// throws is thrown as it is.</summary>
    /// <value>Null by default; refused beside either of the two.</value>
    public ResiliencePipeline? Pipeline { get; init; }

    /// <summary>Asked once before each start, for instance a TokenBucketRateLimiter. What it refuses is waited for as long
    /// as it says, or 50 ms if it says nothing, and is never an error. The lease is given back when the item has
    /// ended.</summary>
    /// <value>Null by default. The slot is held while an item waits. It is the caller's to dispose.</value>
    public RateLimiter? StartRate { get; init; }

    /// <summary>An item that runs longer than this, and still runs, is reported once to <see cref="OnSlowItem"/> and logged
    /// as a warning.</summary>
    /// <value>From 1 ms to 49 days; null by default: none is. Refused without <see cref="OnSlowItem"/> or
    /// <see cref="Logger"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan? SlowItemThreshold
    {
        get;
        init => field = Guards.InRange(value, ShortestInterval, Guards.MaxTimeout, nameof(SlowItemThreshold));
    }

    /// <summary>Called on the pool for an item that has run longer than <see cref="SlowItemThreshold"/>.</summary>
    /// <value>Null by default; refused without <see cref="SlowItemThreshold"/>. If it throws, the run ends with that
    /// error.</value>
    public Action<SlowItem>? OnSlowItem { get; init; }

    /// <summary>What the run is called in messages, in the log, and in the tags of metrics and spans. Few different ones: a
    /// metric keeps a series for each.</summary>
    /// <value>Null by default.</value>
    public string? Name { get; init; }

    /// <summary>Gets slow items as warnings; at the level Debug, items that fail and the end of the run. Never an item
    /// itself, only its index.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>A limit that is shared with others, beside <see cref="MaxConcurrency"/>: an item takes a permit before its
    /// start and gives it back when it has ended. A gate with an adaptive limit finds the right concurrency from what becomes
    /// of the items: see <see cref="IsThrottled"/>.</summary>
    /// <value>Null by default. The slot is held while an item waits for a permit, and the permit while it waits for a retry.
    /// A fan-out inside an item must not use the gate of the one around it: it would wait for itself.</value>
    public ConcurrencyGate? Gate { get; init; }

    /// <summary>Which failures tell an adaptive <see cref="Gate"/> that there was too much. A success tells it the contrary,
    /// any other failure nothing. Asked for each attempt; the first answer that is true counts for the item.</summary>
    /// <value>By default HTTP 429 and 503, a <see cref="TimeoutException"/> and HttpClient's timeout; never null. If it
    /// throws, the item has failed with that.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public Func<Exception, bool> IsThrottled
    {
        get;
        init => field = Guards.NotNull(value, nameof(IsThrottled));
    } = Transient.IsThrottled;

    /// <summary>A limit for each key beside <see cref="MaxConcurrency"/>, such as one for each host.</summary>
    /// <value>Null by default: none. A fan-out over items of another type than that of the keys refuses it. An array or a
    /// list is then read by one worker at a time.</value>
    public FanOutPartition? Partition { get; init; }

    /// <summary>Gets snapshots while the run goes on: in order, never two at once, and always one at the end, before the
    /// task or the stream ends.</summary>
    /// <value>Null by default. Called on the pool; a <see cref="Progress{T}"/> passes it on to where that was made. If it
    /// throws, it is not called again, and the run ends with that error.</value>
    public IProgress<FanOutProgress>? Progress { get; init; }

    /// <summary>How often <see cref="Progress"/> gets a snapshot. One that comes during another is left out.</summary>
    /// <value>From 1 ms to 49 days; 100 ms by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ProgressInterval
    {
        get;
        init => field = Guards.InRange(value, ShortestInterval, Guards.MaxTimeout, nameof(ProgressInterval));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    /// <summary>Whether something is put around the operation.</summary>
    internal bool IsDecorated => ItemTimeout is not null || IsTriedAgain || WaitsForStart;

    internal bool IsTriedAgain => Retry is not null || Pipeline is not null;

    internal bool WaitsForStart => StartRate is not null || Gate is not null;

    /// <summary>Whether somebody wants to know what becomes of the items.</summary>
    internal bool IsObserved => Progress is not null || SlowItemThreshold is not null || Logger is not null;

    internal int LookaheadOrDefault =>
        Lookahead ?? (int)Math.Min((long)LookaheadPerSlot * MaxConcurrency, MostLookaheadByDefault);

    /// <summary>At the call: what a with may bring together in any order is not checked when it is set.</summary>
    internal static void CheckTogether(FanOutOptions options)
    {
        if (options.Pipeline is not null && (options.ItemTimeout is not null || options.Retry is not null))
        {
            throw new ArgumentException(
                "Pipeline must be null beside ItemTimeout or Retry: it takes their place.", nameof(options));
        }

        if (options.OnSlowItem is not null && options.SlowItemThreshold is null)
        {
            throw new ArgumentException(
                "OnSlowItem needs a SlowItemThreshold: without one no item is slow.", nameof(options));
        }

        if (options is { SlowItemThreshold: not null, OnSlowItem: null, Logger: null })
        {
            throw new ArgumentException(
                "SlowItemThreshold needs OnSlowItem or a Logger: nobody would be told.", nameof(options));
        }
    }
}
