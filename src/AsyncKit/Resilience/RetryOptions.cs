using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>When and how often an operation is tried again. Immutable, checked when set; one object should be shared by the
/// operations it is for, since it keeps what it has built.</summary>
public sealed record RetryOptions
{
    private EngineCache _cache;

    /// <summary>How often the operation is called at the most.</summary>
    /// <value>At least 1, which means no retry; 4 by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxAttempts
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxAttempts));
    } = 4;

    /// <summary>How long to wait before each further attempt.</summary>
    /// <value>Exponential from 200 ms to 10 s with decorrelated jitter by default.</value>
    public Backoff Backoff { get; init; } = Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    /// <summary>How long one attempt may take. One that takes longer is tried again, whatever
    /// <see cref="ShouldRetry"/> says.</summary>
    /// <value>Zero or more; null by default and <see cref="Timeout.InfiniteTimeSpan"/> mean none.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? AttemptTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(AttemptTimeout));
    }

    /// <summary>How long all attempts may take with the waits between them. An attempt that could not begin before its end
    /// is not waited for.</summary>
    /// <value>Zero or more; null by default and <see cref="Timeout.InfiniteTimeSpan"/> mean none.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? TotalTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(TotalTimeout));
    }

    /// <summary>Which failures are tried again. Not asked about cancellations, which never are, except HttpClient's own
    /// timeout.</summary>
    /// <value><see cref="Transient.IsTransient"/> by default; never null. If it throws, the operation ends with
    /// that.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public Func<Exception, bool> ShouldRetry
    {
        get;
        init => field = Guards.NotNull(value, nameof(ShouldRetry));
    } = Transient.IsTransient;

    /// <summary>How long the server wishes us to wait, such as its Retry-After; null when it has none. It takes the place
    /// of <see cref="Backoff"/>.</summary>
    /// <value>Null by default. If it throws, the operation ends with that.</value>
    public Func<Exception, TimeSpan?>? DelayHint { get; init; }

    /// <summary>The longest wish that is honoured. Above it the operation is given up.</summary>
    /// <value>Zero to 49 days; 30 s by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan MaxDelayHint
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.Zero, Guards.MaxTimeout, nameof(MaxDelayHint));
    } = TimeSpan.FromSeconds(30);

    /// <summary>How many retries everything that shares the budget may make together.</summary>
    /// <value>Null by default: no limit but <see cref="MaxAttempts"/>.</value>
    public RetryBudget? Budget { get; init; }

    /// <summary>Called before the wait for each further attempt. If it throws, the operation ends with that.</summary>
    /// <value>Null by default.</value>
    public Action<RetryAttempt>? OnRetry { get; init; }

    /// <summary>What the operation is called in messages and in the log.</summary>
    /// <value>Null by default.</value>
    public string? Name { get; init; }

    /// <summary>Gets a line for each retry.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    internal static RetryOptions Default { get; } = new();

    /// <summary>The engine for this object and clock; built once, unless clocks alternate.</summary>
    /// <param name="clock">In place of the system's, where one takes it; null for the options' own.</param>
    internal RetryEngine Engine(TimeProvider? clock = null)
    {
        var wanted = AsyncEnvironment.Clock(TimeProvider == TimeProvider.System && clock is not null ? clock : TimeProvider);
        var engine = _cache.Engine; // Copied by a with, together with the rest.
        return engine is not null && ReferenceEquals(engine.Options, this) && engine.Clock == wanted
            ? engine
            : _cache.Engine = new RetryEngine(this, wanted);
    }

    /// <summary>No part of the value.</summary>
    private struct EngineCache : IEquatable<EngineCache>
    {
        public RetryEngine? Engine;

        public readonly bool Equals(EngineCache other) => true;

        public override readonly bool Equals(object? obj) => obj is EngineCache;

        public override readonly int GetHashCode() => 0;
    }
}
