namespace AsyncKit;

/// <summary>
/// A permit that is held: of an <see cref="AsyncLock"/>, a key of a <see cref="KeyedLock{TKey}"/> or a
/// <see cref="ConcurrencyGate"/>. Disposing it gives the permit back, to whoever has waited longest.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>A lease releases once. A second Dispose, the Dispose of a copy and that of default(Lease) do nothing, whoever
/// holds the permit by then.</item>
/// <item>Nobody continues inside Dispose; it never blocks and never throws.</item>
/// </list>
/// A struct of two words that allocates nothing. All members may be used from several threads.
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

    /// <summary>Whether the permit is still held by this lease or a copy of it.</summary>
    /// <value>False for default(Lease) and once it was disposed.</value>
    public bool IsHeld => _origin is not null && _origin.IsHeld(_version);

    /// <summary>Tells an adaptive gate what became of the operation; only the first report of a lease counts, and only
    /// before it is disposed. A gate with a fixed limit and a lock take no notice.</summary>
    /// <param name="signal">What became of it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="signal"/> is not one of the named
    /// ones.</exception>
    public void Report(GateSignal signal)
    {
        _ = Guards.Defined(signal);
        _origin?.Report(_version, signal);
    }

    /// <summary>Gives the permit back.</summary>
    public void Dispose() => _origin?.Release(_version);

    /// <summary>Whether both are the same lease: one a copy of the other.</summary>
    /// <param name="other">The other lease.</param>
    /// <returns>True for copies, and for two that are default.</returns>
    public bool Equals(Lease other) => _origin == other._origin && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Lease other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_origin, _version);

    /// <summary>Whether both are the same lease.</summary>
    /// <param name="left">One lease.</param>
    /// <param name="right">The other.</param>
    /// <returns>True for copies, and for two that are default.</returns>
    public static bool operator ==(Lease left, Lease right) => left.Equals(right);

    /// <summary>Whether they are different leases.</summary>
    /// <param name="left">One lease.</param>
    /// <param name="right">The other.</param>
    /// <returns>False for copies, and for two that are default.</returns>
    public static bool operator !=(Lease left, Lease right) => !left.Equals(right);
}
