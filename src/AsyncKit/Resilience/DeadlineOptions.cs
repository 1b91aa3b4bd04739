using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>Specifies a limit, and how an operation that exceeds it is handled.</summary>
/// <remarks>Immutable, and validated when set. Any number of operations may share one instance.</remarks>
public sealed record DeadlineOptions
{
    /// <summary>The longest time that the operation may take.</summary>
    /// <value>Zero or more. There is no default. Zero means that the operation is not called.
    /// <see cref="Timeout.InfiniteTimeSpan"/> and values of more than 49 days disable the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public required TimeSpan Limit
    {
        get;
        init => field = Guards.Limit(value, nameof(Limit));
    }

    /// <summary>The longest time to wait for the operation after its token was cancelled. After that the operation is
    /// abandoned: it keeps running, its exception is observed, and it is counted and logged.</summary>
    /// <value>Zero or more, or null. The default is null: the operation is always awaited.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? GracePeriod
    {
        get;
        init => field = Guards.Limit(value, nameof(GracePeriod));
    }

    /// <summary>The name of the operation in exception messages and in the log.</summary>
    /// <value>The default is null, for no name.</value>
    public string? Name { get; init; }

    /// <summary>The logger. It receives a warning when an abandoned operation completes, with the time since then, and
    /// when a callback on the operation's token throws and the exception of the task does not carry that.</summary>
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

    internal DeadlineContext Context => new(AsyncEnvironment.Clock(TimeProvider), Limit, Name, GracePeriod, Logger);
}
