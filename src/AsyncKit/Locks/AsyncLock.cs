using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// Represents an asynchronous mutual-exclusion lock. Its holder may await. The lock is not reentrant.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>At most one lease of a lock is held at a time.</item>
/// <item>Waiters are served in order of arrival; no caller overtakes a waiter.</item>
/// <item>A wait that is cancelled or times out neither acquires nor loses a permit.</item>
/// <item>A waiter's continuation never runs inline in Dispose, Cancel() or a timer callback.</item>
/// <item>Waiting allocates nothing in steady state, even with a cancellable token. A timeout allocates a timer.</item>
/// </list>
/// Cost: acquiring and releasing a free lock takes two interlocked operations. A lock needs no disposal. All members
/// are thread-safe.
/// </remarks>
/// <example>
/// <code>
/// var mutex = new AsyncLock();
///
/// using (await mutex.AcquireAsync(cancellationToken))
/// {
///     await AppendAsync(line, cancellationToken); // One caller at a time.
/// }
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class AsyncLock
{
    private readonly SinglePermitQueue _permits = new(nameof(AsyncLock));

    /// <summary>The clock for timeouts.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _permits.Clock = field = value;
        }
    } = TimeProvider.System;

    /// <summary>Whether the lock is currently held.</summary>
    public bool IsHeld => _permits.Held > 0;

    /// <summary>The number of callers that currently wait for the lock.</summary>
    public int Waiting => _permits.Waiting;

    /// <summary>Acquires the lock and returns its lease; waits while another caller holds the lock.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if the lock was
    /// free.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before the lock was acquired. The exception
    /// carries that token.</exception>
    public ValueTask<Lease> AcquireAsync(CancellationToken cancellationToken = default) =>
        _permits.AcquireAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Acquires the lock and returns its lease; waits no longer than a timeout.</summary>
    /// <param name="timeout">The longest time to wait: from zero, which does not wait, to 49 days.
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if the lock was
    /// free.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">The lock was not acquired in time. The message contains the
    /// timeout.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the lock was acquired. The exception
    /// carries that token.</exception>
    public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _permits.AcquireAsync(Guards.TimerLimit(timeout), cancellationToken);

    /// <summary>Acquires the lock if it is free and no caller waits for it.</summary>
    /// <param name="lease">The lease to dispose; default(Lease) if the lock was not acquired.</param>
    /// <returns>true if the lock was acquired; otherwise, false.</returns>
    public bool TryAcquire(out Lease lease) => _permits.TryAcquire(out lease);

    /// <summary>Returns the state of the lock and the number of waiters.</summary>
    /// <returns>For example "AsyncLock: held, 2 waiting".</returns>
    public override string ToString() => $"AsyncLock: {(IsHeld ? "held" : "free")}{_permits.WaitingText}";
}
