namespace AsyncKit;

/// <summary>
/// An item of a pool from its creation to its end. Its version tells the renters apart: odd while it is rented, even
/// while it is not, and it only grows.
/// </summary>
internal sealed class PoolItem<T>(AsyncPool<T> pool, T value, long createdAt)
    where T : notnull
{
    private long _version;
    private bool _isBroken;

    public T Value => value;

    public long CreatedAt => createdAt;

    public long IdleSince { get; set; }

    /// <summary>The place that it takes while it is rented.</summary>
    public Lease Place { get; private set; }

    public bool IsBroken => Volatile.Read(ref _isBroken);

    /// <summary>Only by whoever has the item in its hands.</summary>
    public PooledLease<T> Rent(Lease place)
    {
        Place = place;
        var version = _version + 1;
        Volatile.Write(ref _version, version);
        return new PooledLease<T>(this, version);
    }

    public bool IsRented(long version) => Volatile.Read(ref _version) == version;

    public void Break(long version)
    {
        if (IsRented(version))
        {
            Volatile.Write(ref _isBroken, value: true);
        }
    }

    public ValueTask ReturnAsync(long version) =>
        Interlocked.CompareExchange(ref _version, version + 1, version) == version ? pool.ReturnAsync(this) : default;
}
