using System.Diagnostics;
using System.Numerics;

namespace AsyncKit;

/// <summary>
/// An <see cref="AsyncLock"/> for each key: one holder at a time for the same key, any number for different ones.
/// </summary>
/// <typeparam name="TKey">What is locked by.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>At most one lease of a key is held at a time; different keys do not wait for each other.</item>
/// <item>A key takes memory only while it is held or waited for.</item>
/// <item>First come, first served for each key; a wait that is cancelled or runs out of time takes no permit and loses
/// none.</item>
/// <item>Who waits never continues inside Dispose, Cancel() or a timer, however many wait.</item>
/// </list>
/// Cost: two look-ups in a dictionary beside what the lock costs; the entries of keys are used again. Nothing needs to be
/// disposed of. All members may be used from several threads.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class KeyedLock<TKey>
    where TKey : notnull
{
    private readonly KeyedLockStripe<TKey>[] _stripes;
    private readonly IEqualityComparer<TKey> _comparer;

    /// <summary>With no key held.</summary>
    /// <param name="comparer">Says which keys are the same; the default one if null.</param>
    public KeyedLock(IEqualityComparer<TKey>? comparer = null)
    {
        _comparer = comparer ?? EqualityComparer<TKey>.Default;
        _stripes = new KeyedLockStripe<TKey>[BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
        for (var index = 0; index < _stripes.Length; index++)
        {
            _stripes[index] = new KeyedLockStripe<TKey>(_comparer);
        }
    }

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
            Array.ForEach(_stripes, stripe => stripe.Clock = value);
        }
    } = TimeProvider.System;

    /// <summary>How many keys are held or waited for at this moment.</summary>
    public int Count => _stripes.Sum(stripe => stripe.Count);

    /// <summary>Waits until the key is the caller's.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease to dispose. It has completed already if the key was free.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the key was the caller's; with that
    /// token.</exception>
    public ValueTask<Lease> AcquireAsync(TKey key, CancellationToken cancellationToken = default) =>
        Enter(key).AcquireAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Waits until the key is the caller's, but not longer than that.</summary>
    /// <param name="key">The key.</param>
    /// <param name="timeout">From zero, which does not wait, to 49 days, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease to dispose.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is not in the range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">The key was not the caller's in time; the message names the limit, and not the
    /// key.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before; with that token.</exception>
    public ValueTask<Lease> AcquireAsync(TKey key, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        _ = Guards.TimerLimit(timeout);
        return Enter(key).AcquireAsync(timeout, cancellationToken);
    }

    /// <summary>Takes the key if it is free and nobody waits for it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="lease">The lease to dispose; default(Lease) if there is none.</param>
    /// <returns>Whether the key is the caller's now.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    public bool TryAcquire(TKey key, out Lease lease) => Enter(key).TryAcquire(out lease);

    /// <summary>How many keys are in use, how many wait for one and, with the AppContext switch AsyncKit.TraceLeases, who
    /// holds them.</summary>
    /// <returns>Such as "KeyedLock: 3 keys, 2 waiting".</returns>
    public override string ToString()
    {
        var (keys, waiting, holders) = (0, 0, new List<string>());
        foreach (var stripe in _stripes)
        {
            stripe.Describe(ref keys, ref waiting, holders);
        }

        return $"KeyedLock: {keys} {(keys == 1 ? "key" : "keys")}"
            + (waiting > 0 ? $", {waiting} waiting" : "")
            + (holders.Count > 0 ? $"; held by {string.Join("; by ", holders)}" : "");
    }

    private PermitQueue Enter(TKey key)
    {
        if (!typeof(TKey).IsValueType && key is null) // ThrowIfNull would box it.
        {
            throw new ArgumentNullException(nameof(key), "key must not be null.");
        }

        return _stripes[Mix(_comparer.GetHashCode(key)) & (_stripes.Length - 1)].Enter(key);
    }

    /// <summary>The dictionary of a stripe uses the low bits itself.</summary>
    private static int Mix(int hash) => (int)(((uint)hash * 0x9E37_79B9U) >> 16);
}
