namespace AsyncKit;

/// <summary>An item of an <see cref="AsyncPool{T}"/> that is rented. Disposing the lease returns it.</summary>
/// <typeparam name="T">What the pool is of.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>A rented item returns once. A second DisposeAsync, that of a copy and that of default do nothing, whoever rents the
/// item by then.</item>
/// </list>
/// A struct of two words that allocates nothing. The task of DisposeAsync ends when the item is reset or disposed of, and
/// never throws for it.
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

    /// <summary>The item.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed, or is default: the item is not the caller's, or not
    /// any more.</exception>
    public T Value => _item is not null && _item.IsRented(_version)
        ? _item.Value
        : throw new ObjectDisposedException(nameof(PooledLease<T>), "The item of the pool was returned already.");

    /// <summary>Says that the item is broken: when the lease is disposed, the item is disposed of, and not rented
    /// again.</summary>
    public void Discard() => _item?.Break(_version);

    /// <summary>Returns the item, or disposes of it: if it was discarded, is too old, could not be reset, or if the pool
    /// was disposed.</summary>
    /// <returns>A task that ends when that is done and the place is free for the next renter.</returns>
    public ValueTask DisposeAsync() => _item?.ReturnAsync(_version) ?? default;

    /// <summary>Whether both are the same lease: one a copy of the other.</summary>
    /// <param name="other">The other lease.</param>
    /// <returns>True for copies, and for two that are default.</returns>
    public bool Equals(PooledLease<T> other) => _item == other._item && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PooledLease<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_item, _version);

    /// <summary>Whether both are the same lease.</summary>
    /// <param name="left">One lease.</param>
    /// <param name="right">The other.</param>
    /// <returns>True for copies, and for two that are default.</returns>
    public static bool operator ==(PooledLease<T> left, PooledLease<T> right) => left.Equals(right);

    /// <summary>Whether they are different leases.</summary>
    /// <param name="left">One lease.</param>
    /// <param name="right">The other.</param>
    /// <returns>False for copies, and for two that are default.</returns>
    public static bool operator !=(PooledLease<T> left, PooledLease<T> right) => !left.Equals(right);
}
