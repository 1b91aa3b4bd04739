namespace AsyncKit;

/// <summary>
/// Represents a held permit of an <see cref="AsyncLock"/>, of a key of a <see cref="KeyedLock{TKey}"/> or of a
/// <see cref="ConcurrencyGate"/>. Disposing the lease releases the permit to the first waiter.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A lease releases its permit once. A second Dispose, the Dispose of a copy and that of default(Lease) do
/// nothing, even if another caller holds the permit by then.</item>
/// <item>Dispose never blocks, never throws, and never runs a waiter's continuation inline.</item>
/// </list>
/// The struct has two words and allocates nothing. All members are thread-safe.
/// </remarks>
public readonly struct Lease : IDisposable, IEquatable<Lease>
{
    private readonly ILeaseOrigin? _origin;
    private readonly long _version;

    internal Lease(ILeaseOrigin origin, long version)
    {
        _origin = origin;
        _version = version;
    }

    /// <summary>Whether this lease, or a copy of it, still holds the permit.</summary>
    /// <value>false for default(Lease) and after the lease was disposed.</value>
    public bool IsHeld => _origin is not null && _origin.IsHeld(_version);

    /// <summary>Reports the outcome of the operation to an adaptive gate. Only the first report of a lease counts, and
    /// only before the lease is disposed. A lock and a gate with a fixed limit ignore reports.</summary>
    /// <param name="signal">The outcome of the operation.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="signal"/> is not a named value.</exception>
    public void Report(GateSignal signal)
    {
        _ = Guards.Defined(signal);
        _origin?.Report(_version, signal);
    }

    /// <summary>Releases the permit.</summary>
    public void Dispose() => _origin?.Release(_version);

    /// <summary>Determines whether two leases are the same lease or copies of it.</summary>
    /// <param name="other">The other lease.</param>
    /// <returns>true if both are copies of one lease or both are default; otherwise, false.</returns>
    public bool Equals(Lease other) => _origin == other._origin && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Lease other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_origin, _version);

    /// <summary>Determines whether two leases are the same lease or copies of it.</summary>
    /// <param name="left">The first lease.</param>
    /// <param name="right">The second lease.</param>
    /// <returns>true if both are copies of one lease or both are default; otherwise, false.</returns>
    public static bool operator ==(Lease left, Lease right) => left.Equals(right);

    /// <summary>Determines whether two leases are different leases.</summary>
    /// <param name="left">The first lease.</param>
    /// <param name="right">The second lease.</param>
    /// <returns>false if both are copies of one lease or both are default; otherwise, true.</returns>
    public static bool operator !=(Lease left, Lease right) => !left.Equals(right);
}
