using System.Diagnostics;
using System.Numerics;

namespace AsyncKit;

/// <summary>
/// Represents an <see cref="AsyncLock"/> per key: the same key has one holder at a time, and different keys are
/// independent.
/// </summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>At most one lease of a key is held at a time; different keys do not wait for each other.</item>
/// <item>A key uses memory only while a caller holds it or waits for it.</item>
/// <item>The waiters of a key are served in order of arrival. A wait that is cancelled or times out neither acquires
/// nor loses a permit.</item>
/// <item>A waiter's continuation never runs inline in Dispose, Cancel() or a timer callback.</item>
/// </list>
/// Cost: that of an <see cref="AsyncLock"/> plus three dictionary look-ups. The entries of keys are reused. A keyed
/// lock needs no disposal. All members are thread-safe.
/// </remarks>
/// <example>
/// <code>
/// var accounts = new KeyedLock&lt;int&gt;();
///
/// using (await accounts.AcquireAsync(accountId, cancellationToken))
/// {
///     await TransferAsync(accountId, cancellationToken); // One caller at a time for each account.
/// }
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class KeyedLock<TKey>
    where TKey : notnull
{
    private readonly KeyedLockStripe<TKey>[] _stripes;
    private readonly IEqualityComparer<TKey> _comparer;

    /// <summary>Creates a lock with no key held.</summary>
    /// <param name="comparer">The comparer of the keys; null for the default comparer.</param>
    public KeyedLock(IEqualityComparer<TKey>? comparer = null)
    {
        _comparer = comparer ?? EqualityComparer<TKey>.Default;
        _stripes = new KeyedLockStripe<TKey>[BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
        for (var index = 0; index < _stripes.Length; index++)
        {
            _stripes[index] = new KeyedLockStripe<TKey>(_comparer);
        }
    }

    /// <summary>The clock for timeouts.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            Array.ForEach(_stripes, stripe => stripe.Clock = value);
        }
    } = TimeProvider.System;

    /// <summary>The number of keys that are currently held or waited for.</summary>
    public int Count => _stripes.Sum(stripe => stripe.Count);

    /// <summary>Acquires a key and returns its lease; waits while another caller holds the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if the key was free.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the key was acquired. The exception
    /// carries that token.</exception>
    public ValueTask<Lease> AcquireAsync(TKey key, CancellationToken cancellationToken = default) =>
        Enter(key).AcquireAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Acquires a key and returns its lease; waits no longer than a timeout.</summary>
    /// <param name="key">The key.</param>
    /// <param name="timeout">The longest time to wait: from zero, which does not wait, to 49 days.
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if the key was free.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">The key was not acquired in time. The message contains the timeout, but not
    /// the key.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the key was acquired. The exception
    /// carries that token.</exception>
    public ValueTask<Lease> AcquireAsync(TKey key, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        _ = Guards.TimerLimit(timeout); // Before the caller of the key is counted.
        return Enter(key).AcquireAsync(timeout, cancellationToken);
    }

    /// <summary>Acquires a key if it is free and no caller waits for it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="lease">The lease to dispose; default(Lease) if the key was not acquired.</param>
    /// <returns>true if the key was acquired; otherwise, false.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public bool TryAcquire(TKey key, out Lease lease) => Enter(key).TryAcquire(out lease);

    /// <summary>Returns the number of keys in use and the number of waiters.</summary>
    /// <returns>For example "KeyedLock: 3 keys, 2 waiting".</returns>
    public override string ToString()
    {
        var (keys, waiting) = (Count, _stripes.Sum(stripe => stripe.Waiting));
        return $"KeyedLock: {keys} {(keys == 1 ? "key" : "keys")}{(waiting > 0 ? $", {waiting} waiting" : "")}";
    }

    private PermitQueue Enter(TKey key)
    {
        if (!typeof(TKey).IsValueType && key is null) // ThrowIfNull would box the key.
        {
            throw new ArgumentNullException(nameof(key), "key must not be null.");
        }

        return _stripes[Mix(_comparer.GetHashCode(key)) & (_stripes.Length - 1)].Enter(key);
    }

    /// <summary>Selects other bits than the low ones, which the dictionary of the stripe uses.</summary>
    private static int Mix(int hash) => (int)(((uint)hash * 0x9E37_79B9U) >> 16);
}
