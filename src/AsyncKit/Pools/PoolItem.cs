namespace AsyncKit;

/// <summary>An item of an <see cref="AsyncPool{T}"/>.</summary>
/// <remarks>
/// Lifetime: from the creation of the value to its disposal. A lease is an item and the version at which it was rented,
/// so a stale lease finds another version and does nothing.
/// <para>
/// Invariants:
/// (1) The version is odd while the item is rented, even while it is not, and only increases.
/// (2) Only the thread that took the item from the idle items, or created it, calls <see cref="Rent"/>.
/// </para>
/// </remarks>
internal sealed class PoolItem<T>(AsyncPool<T> pool, T value, long createdAt)
    where T : notnull
{
    private long _version;
    private bool _isBroken;

    public T Value => value;

    public long CreatedAt => createdAt;

    public long IdleSince { get; set; }

    /// <summary>The lease of the permit with which the item is rented.</summary>
    public Lease Permit { get; private set; }

    public bool IsBroken => Volatile.Read(ref _isBroken);

    public PooledLease<T> Rent(Lease permit)
    {
        Permit = permit;
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
