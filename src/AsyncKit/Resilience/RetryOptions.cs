using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>Specifies when and how often an operation is retried.</summary>
/// <remarks>Immutable, and validated when set. Share one instance between calls: it caches its Polly
/// pipeline.</remarks>
public sealed record RetryOptions
{
    private EngineCache _cache;

    /// <summary>The maximum number of attempts, including the first one.</summary>
    /// <value>At least 1, which disables retries. The default is 4.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxAttempts
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxAttempts));
    } = 4;

    /// <summary>The delay before each retry.</summary>
    /// <value>The default is exponential with decorrelated jitter, from 200 ms to 10 s.</value>
    public Backoff Backoff { get; init; } = Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    /// <summary>The longest time that one attempt may take. An attempt that exceeds it is retried, even if
    /// <see cref="ShouldRetry"/> excludes timeouts.</summary>
    /// <value>Zero or more. Null and <see cref="Timeout.InfiniteTimeSpan"/> disable the limit. The default is
    /// null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? AttemptTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(AttemptTimeout));
    }

    /// <summary>The longest time that all attempts and the delays between them may take. A retry whose delay exceeds
    /// the rest of it is skipped.</summary>
    /// <value>Zero or more. Null and <see cref="Timeout.InfiniteTimeSpan"/> disable the limit. The default is
    /// null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? TotalTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(TotalTimeout));
    }

    /// <summary>Returns whether a failure is retried. It is not called for cancellations, which are never retried. A
    /// cancellation with a <see cref="TimeoutException"/> inside, such as HttpClient's own timeout, is a
    /// failure.</summary>
    /// <value>Not null. The default is <see cref="Transient.IsTransient"/>. If the function throws, the operation fails
    /// with that exception.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public Func<Exception, bool> ShouldRetry
    {
        get;
        init => field = Guards.NotNull(value, nameof(ShouldRetry));
    } = Transient.IsTransient;

    /// <summary>Returns the delay that the server requests, for example in a Retry-After header, or null. The hint
    /// replaces <see cref="Backoff"/>. A negative hint is ignored: the backoff applies.</summary>
    /// <value>The default is null, for no hints. If the function throws, the operation fails with that
    /// exception.</value>
    public Func<Exception, TimeSpan?>? DelayHint { get; init; }

    /// <summary>The longest hint that is accepted. After a longer one the operation fails without a retry.</summary>
    /// <value>Zero to 49 days. The default is 30 seconds.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan MaxDelayHint
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.Zero, Guards.MaxTimeout, nameof(MaxDelayHint));
    } = TimeSpan.FromSeconds(30);

    /// <summary>The budget that limits the retries of all operations that share it.</summary>
    /// <value>The default is null, for no budget.</value>
    public RetryBudget? Budget { get; init; }

    /// <summary>A callback before the delay of each retry. If it throws, the operation fails with that
    /// exception.</summary>
    /// <value>The default is null, for no callback.</value>
    public Action<RetryAttempt>? OnRetry { get; init; }

    /// <summary>The name of the operation in exception messages and in the log.</summary>
    /// <value>The default is null, for no name.</value>
    public string? Name { get; init; }

    /// <summary>The logger. It receives a line for each retry.</summary>
    /// <value>The default is null, for no log.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    internal static RetryOptions Default { get; } = new();

    /// <summary>Returns the engine for this instance and clock. It is built once, unless callers alternate between
    /// clocks.</summary>
    /// <param name="clock">The clock of the caller, which replaces the system's; null for that of the options.</param>
    internal RetryEngine Engine(TimeProvider? clock = null)
    {
        var wanted = AsyncEnvironment.Clock(TimeProvider == TimeProvider.System && clock is not null ? clock : TimeProvider);
        var engine = _cache.Engine; // A with expression copies it, so the owner is checked.
        return engine is not null && ReferenceEquals(engine.Options, this) && engine.Clock == wanted
            ? engine
            : _cache.Engine = new RetryEngine(this, wanted);
    }

    /// <summary>Excluded from the equality of the record.</summary>
    private struct EngineCache : IEquatable<EngineCache>
    {
        public RetryEngine? Engine;

        public readonly bool Equals(EngineCache other) => true;

        public override readonly bool Equals(object? obj) => obj is EngineCache;

        public override readonly int GetHashCode() => 0;
    }
}
