using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// A lock that is awaited: one holder at a time, and who holds it may await. Not reentrant.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>At most one lease of a lock is held at a time.</item>
/// <item>First come, first served: nobody overtakes who waits.</item>
/// <item>A wait that is cancelled or runs out of time takes no permit and loses none.</item>
/// <item>Who waits never continues inside Dispose, Cancel() or a timer, however many wait.</item>
/// <item>Waiting allocates nothing in steady state, also with a token that can be cancelled. A limit of time allocates
/// a timer.</item>
/// </list>
/// Cost: taking it and giving it back while it is free are three interlocked operations. Nothing needs to be disposed
/// of. All members may be used from several threads.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class AsyncLock
{
    private readonly SinglePermitQueue _permits = new(nameof(AsyncLock));

    /// <summary>The clock for limits of time.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            _permits.Clock = value;
        }
    } = TimeProvider.System;

    /// <summary>Whether somebody holds the lock at this moment.</summary>
    public bool IsHeld => _permits.Held > 0;

    /// <summary>How many wait for the lock at this moment.</summary>
    public int Waiting => _permits.Waiting;

    /// <summary>Waits until the lock is the caller's.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease to dispose. It has completed already if the lock was free.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before the lock was the caller's; with that
    /// token.</exception>
    public ValueTask<Lease> AcquireAsync(CancellationToken cancellationToken = default) =>
        _permits.AcquireAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Waits until the lock is the caller's, but not longer than that.</summary>
    /// <param name="timeout">From zero, which does not wait, to 49 days, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease to dispose.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is not in the range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">The lock was not the caller's in time; the message names the
    /// limit.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before; with that token.</exception>
    public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        _ = Guards.TimerLimit(timeout);
        return _permits.AcquireAsync(timeout, cancellationToken);
    }

    /// <summary>Takes the lock if it is free and nobody waits for it.</summary>
    /// <param name="lease">The lease to dispose; default(Lease) if there is none.</param>
    /// <returns>Whether the lock is the caller's now.</returns>
    public bool TryAcquire(out Lease lease) => _permits.TryAcquire(out lease);

    /// <summary>Whether it is held, how many wait and, with the AppContext switch AsyncKit.TraceLeases, by
    /// whom.</summary>
    /// <returns>Such as "AsyncLock: held, 2 waiting".</returns>
    public override string ToString() => $"AsyncLock: {(IsHeld ? "held" : "free")}{_permits}";
}
