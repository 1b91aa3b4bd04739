using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>The options of an <see cref="AsyncPool{T}"/>. Immutable; a value out of range throws when it is
/// set.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed record AsyncPoolOptions<T>
    where T : notnull
{
    /// <summary>Creates options whose properties have their defaults.</summary>
    public AsyncPoolOptions()
    {
    }

    /// <summary>Creates options with the required settings.</summary>
    /// <param name="maxSize">The maximum number of items that exist at once. From 1 to 100,000.</param>
    /// <param name="create">Creates an item; see <see cref="Create"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxSize"/> is out of range.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="create"/> is null.</exception>
    /// <example>
    /// <code>
    /// var pool = new AsyncPool&lt;TcpClient&gt;(new(8, ConnectAsync) { IdleTimeout = TimeSpan.FromMinutes(1) });
    /// </code>
    /// </example>
    [SetsRequiredMembers]
    [OverloadResolutionPriority(1)]
    public AsyncPoolOptions(int maxSize, Func<CancellationToken, ValueTask<T>> create)
    {
        MaxSize = Guards.InRange(maxSize, 1, PermitQueue.MaxPermits);
        Create = Guards.NotNull(create);
    }

    /// <inheritdoc cref="AsyncPoolOptions{T}(int, Func{CancellationToken, ValueTask{T}})"/>
    [SetsRequiredMembers]
    public AsyncPoolOptions(int maxSize, Func<CancellationToken, Task<T>> create)
        : this(maxSize, DelegateAdapters.Adapt(create))
    {
    }

    /// <summary>The maximum number of items that exist at once: rented, idle, being created or being
    /// disposed.</summary>
    /// <value>From 1 to 100,000. Required.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public required int MaxSize
    {
        get;
        init => field = Guards.InRange(value, 1, PermitQueue.MaxPermits, nameof(MaxSize));
    }

    /// <summary>Creates an item for a renter that finds no idle one. It receives the renter's token. If it fails, the
    /// renter gets the exception and its permit is released.</summary>
    /// <value>Not null. Required.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required Func<CancellationToken, ValueTask<T>> Create
    {
        get;
        init => field = Guards.NotNull(value, nameof(Create));
    }

    /// <summary>Determines whether an idle item is still valid, before it is rented. It receives the renter's token. If
    /// it returns false or throws, the pool disposes the item and rents the next one, or a new one.</summary>
    /// <value>The default is null: every item is considered valid.</value>
    public Func<T, CancellationToken, ValueTask<bool>>? Validate { get; init; }

    /// <summary>Resets a returned item before the next renter gets it. If it throws, the pool disposes the
    /// item.</summary>
    /// <value>The default is null: items are not reset.</value>
    public Func<T, ValueTask>? Reset { get; init; }

    /// <summary>The time after which the pool disposes an idle item.</summary>
    /// <value>More than zero, at most 49 days. The default is null, which disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? IdleTimeout
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.FromTicks(1), Guards.MaxTimeout, nameof(IdleTimeout));
    }

    /// <summary>The age from which the pool disposes an item once it is idle. A rented item is not affected.</summary>
    /// <value>More than zero, at most 49 days. The default is null, which disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan? MaxAge
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.FromTicks(1), Guards.MaxTimeout, nameof(MaxAge));
    }

    /// <summary>The name of the pool in messages and metrics.</summary>
    /// <value>The default is null.</value>
    public string? Name { get; init; }

    /// <summary>The logger for exceptions of Validate, of Reset and of the disposal of an item.</summary>
    /// <value>The default is null, which disables logging.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock for timeouts and for the age of items.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
