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
    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(49);

    /// <summary>The most operations that run at the same time.</summary>
    /// <value>At least 1; no default. <see cref="int.MaxValue"/> means unbounded, on purpose.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public required int MaxConcurrency
    {
        get;
        init => field = FanOut.CheckLimit(value, nameof(MaxConcurrency));
    }

    /// <summary>What happens to the rest when an item fails.</summary>
    /// <value><see cref="FailureMode.StopAtFirst"/> by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public FailureMode OnFailure
    {
        get;
        init => field = value is FailureMode.StopAtFirst or FailureMode.RunToEnd
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(OnFailure), value, "OnFailure must be FailureMode.StopAtFirst or FailureMode.RunToEnd.");
    }

    /// <summary>In which order a stream hands out its items.</summary>
    /// <value><see cref="FanOutOrder.Source"/> by default. Only for streams: a fan-out that returns an array or a report
    /// refuses <see cref="FanOutOrder.Completion"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public FanOutOrder Order
    {
        get;
        init => field = value is FanOutOrder.Source or FanOutOrder.Completion
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(Order), value, "Order must be FanOutOrder.Source or FanOutOrder.Completion.");
    }

    /// <summary>How many items of a stream may be started beyond the one that the reader waits for. The larger, the less
    /// one slow item holds up the others; the smaller, the less is done in vain when the reader leaves.</summary>
    /// <value>0 to 1,048,576; null for 8 x <see cref="MaxConcurrency"/>, at most 65,536. No more than this and one run at
    /// once. Only for streams: a fan-out that returns an array or a report refuses it.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int? Lookahead
    {
        get;
        init => field = value is null or (>= 0 and <= MostLookahead)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(Lookahead), value, $"Lookahead must be from 0 to {MostLookahead}, or null for the default.");
    }

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
        init => field = value >= ShortestInterval && value <= LongestInterval
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(ProgressInterval), value, "ProgressInterval must be from 1 ms to 49 days.");
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = value
            ?? throw new ArgumentNullException(nameof(TimeProvider), "TimeProvider must not be null.");
    } = TimeProvider.System;

    internal int LookaheadOrDefault =>
        Lookahead ?? (int)Math.Min((long)LookaheadPerSlot * MaxConcurrency, MostLookaheadByDefault);
}
