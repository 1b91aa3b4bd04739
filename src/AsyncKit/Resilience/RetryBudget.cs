namespace AsyncKit;

/// <summary>Limits the retries of all operations that share it to a fraction of the operations. Without a budget,
/// retries multiply the load on a service that is already overloaded.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Every operation adds <c>ratio</c> to the budget, and every retry takes 1. The budget saves at most 100
/// retries.</item>
/// <item>In addition, <c>minPerSecond</c> retries are free in each second, so a client with few operations can retry,
/// too.</item>
/// </list>
/// Thread-safe. Share one instance between all callers of a service. Cost: one or two interlocked instructions for each
/// operation and each retry. Source: the retry budgets of Finagle, Twitter's RPC library.
/// </remarks>
/// <example>
/// <code>
/// var budget = new RetryBudget(ratio: 0.1, minPerSecond: 5); // At most one retry for ten calls, and five a second.
/// var options = new RetryOptions { MaxAttempts = 4, Budget = budget };
///
/// string page = await Retry.RunAsync(token =&gt; http.GetStringAsync(url, token), options, cancellationToken);
/// </code>
/// </example>
public sealed class RetryBudget
{
    private const long Unit = 1_000_000;
    private const long MaxSaved = 100 * Unit;

    private readonly TimeProvider _timeProvider;
    private readonly long _deposit;
    private readonly int _minPerSecond;
    private readonly long _startedAt;
    private long _saved;
    private long _free; // The second in the upper half, the number of retries taken in it in the lower half.

    /// <summary>Creates an empty budget.</summary>
    /// <param name="ratio">The retries that each operation adds: 0 to 10. With 0.1 there is one retry for every ten
    /// operations.</param>
    /// <param name="minPerSecond">The free retries in each second: 0 to 1,000,000.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public RetryBudget(double ratio, int minPerSecond, TimeProvider? timeProvider = null)
    {
        _timeProvider = AsyncEnvironment.Clock(timeProvider ?? TimeProvider.System);
        _deposit = (long)Math.Round(Guards.InRange(ratio, 0, 10) * Unit);
        _minPerSecond = Guards.InRange(minPerSecond, 0, 1_000_000);
        _startedAt = _timeProvider.GetTimestamp();
    }

    internal void OnOperation()
    {
        var saved = Volatile.Read(ref _saved);
        while (saved < MaxSaved)
        {
            var seen = Interlocked.CompareExchange(ref _saved, Math.Min(saved + _deposit, MaxSaved), saved);
            if (seen == saved)
            {
                return;
            }

            saved = seen;
        }
    }

    internal bool TryTake()
    {
        var saved = Volatile.Read(ref _saved);
        while (saved >= Unit)
        {
            var seen = Interlocked.CompareExchange(ref _saved, saved - Unit, saved);
            if (seen == saved)
            {
                return true;
            }

            saved = seen;
        }

        return TryTakeFree();
    }

    private bool TryTakeFree()
    {
        var second = (long)_timeProvider.GetElapsedTime(_startedAt).TotalSeconds << 32;
        while (true)
        {
            var free = Volatile.Read(ref _free);
            var taken = free >= second ? (int)(free & int.MaxValue) : 0; // Another thread may be a second ahead.
            if (taken >= _minPerSecond)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _free, Math.Max(second, free & ~(long)uint.MaxValue) | (uint)(taken + 1), free)
                == free)
            {
                return true;
            }
        }
    }
}
