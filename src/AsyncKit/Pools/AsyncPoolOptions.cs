using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>What an <see cref="AsyncPool{T}"/> is of and how it keeps its items. Immutable, checked when set: a wrong
/// value throws where it is written.</summary>
/// <typeparam name="T">What the pool is of.</typeparam>
public sealed record AsyncPoolOptions<T>
    where T : notnull
{
    /// <summary>The most items that exist at the same time: rented, idle, being created or being disposed of.</summary>
    /// <value>From 1 to 100,000; no default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public required int MaxSize
    {
        get;
        init => field = Guards.InRange(value, 1, PermitQueue.MostPermits, nameof(MaxSize));
    }

    /// <summary>Makes an item, for a renter who finds none. Gets the renter's token. If it fails, the renter is told, and the
    /// place is free.</summary>
    /// <value>No default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required Func<CancellationToken, ValueTask<T>> Create
    {
        get;
        init => field = Guards.NotNull(value, nameof(Create));
    }

    /// <summary>Asked about an idle item before it is rented. If it says no or throws, the item is disposed of, and the
    /// next one or a new one is rented instead. Gets the renter's token.</summary>
    /// <value>Null by default: every item is taken for good.</value>
    public Func<T, CancellationToken, ValueTask<bool>>? Validate { get; init; }

    /// <summary>Called when an item returns, before the next renter gets it. If it throws, the item is disposed
    /// of.</summary>
    /// <value>Null by default.</value>
    public Func<T, ValueTask>? Reset { get; init; }

    /// <summary>An item that was not rented for that long is disposed of.</summary>
    /// <value>More than zero, at most 49 days; null, the default, for never.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan? IdleTimeout
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.FromTicks(1), Guards.MaxTimeout, nameof(IdleTimeout));
    }

    /// <summary>An item that is older is disposed of when it is idle. While it is rented it is left alone.</summary>
    /// <value>More than zero, at most 49 days; null, the default, for never.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan? MaxAge
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.FromTicks(1), Guards.MaxTimeout, nameof(MaxAge));
    }

    /// <summary>Tells pools apart in messages and metrics.</summary>
    /// <value>Null by default.</value>
    public string? Name { get; init; }

    /// <summary>Is told what an item throws when it is validated, reset or disposed of.</summary>
    /// <value>Null by default: then nobody is.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
