namespace AsyncKit;

/// <summary>Represents a rented item of an <see cref="AsyncPool{T}"/>. Disposing the lease returns the item.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>A lease returns its item once. A second DisposeAsync, that of a copy and that of default do nothing, even if
/// another caller rents the item by then.</item>
/// </list>
/// The struct has two words and allocates nothing. The task of DisposeAsync completes when the item was reset or
/// disposed, and does not fault if that failed. All members are thread-safe.
/// </remarks>
public readonly struct PooledLease<T> : IAsyncDisposable, IEquatable<PooledLease<T>>
    where T : notnull
{
    private readonly PoolItem<T>? _item;
    private readonly long _version;

    internal PooledLease(PoolItem<T> item, long version)
    {
        _item = item;
        _version = version;
    }

    /// <summary>The rented item.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed or is default.</exception>
    public T Value => _item is not null && _item.IsRented(_version)
        ? _item.Value
        : throw new ObjectDisposedException(nameof(PooledLease<T>), "The item was already returned to the pool.");

    /// <summary>Marks the item as broken. When the lease is disposed, the pool disposes the item instead of reusing
    /// it.</summary>
    public void Discard() => _item?.Break(_version);

    /// <summary>Returns the item to the pool. The pool disposes the item if it was discarded, expired or not reset, or
    /// if the pool was disposed.</summary>
    /// <returns>A task that completes when the item was returned or disposed and its permit released.</returns>
    public ValueTask DisposeAsync() => _item?.ReturnAsync(_version) ?? default;

    /// <summary>Determines whether two leases are the same lease or copies of it.</summary>
    /// <param name="other">The other lease.</param>
    /// <returns>true if both are copies of one lease or both are default; otherwise, false.</returns>
    public bool Equals(PooledLease<T> other) => _item == other._item && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PooledLease<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_item, _version);

    /// <summary>Determines whether two leases are the same lease or copies of it.</summary>
    /// <param name="left">The first lease.</param>
    /// <param name="right">The second lease.</param>
    /// <returns>true if both are copies of one lease or both are default; otherwise, false.</returns>
    public static bool operator ==(PooledLease<T> left, PooledLease<T> right) => left.Equals(right);

    /// <summary>Determines whether two leases are different leases.</summary>
    /// <param name="left">The first lease.</param>
    /// <param name="right">The second lease.</param>
    /// <returns>false if both are copies of one lease or both are default; otherwise, true.</returns>
    public static bool operator !=(PooledLease<T> left, PooledLease<T> right) => !left.Equals(right);
}
