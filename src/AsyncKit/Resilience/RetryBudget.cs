namespace AsyncKit;

/// <summary>How many retries all operations together may make, in proportion to the operations. When much fails, retries
/// would multiply the load on what is overloaded already; a budget keeps them to a fraction.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Every operation adds <c>ratio</c> to the budget, every retry takes 1. What is saved is bounded by 100
/// retries.</item>
/// <item>Beside that, <c>minPerSecond</c> retries are free in each second, so that a quiet client may retry too.</item>
/// </list>
/// Thread-safe and meant to be shared by everything that calls the same service. Cost: one or two interlocked operations
/// for each operation and each retry.
/// Source: the retry budgets of Finagle, Twitter's RPC library.
/// </remarks>
public sealed class RetryBudget
{
    private const long Unit = 1_000_000;
    private const long MostSaved = 100 * Unit;

    private readonly TimeProvider _timeProvider;
    private readonly long _deposit;
    private readonly int _minPerSecond;
    private readonly long _startedAt;
    private long _saved;
    private long _free; // The second, and in the lower half how many were taken in it.

    /// <summary>A budget with nothing saved.</summary>
    /// <param name="ratio">Retries for each operation: 0 to 10; 0.1 allows one retry for every ten operations.</param>
    /// <param name="minPerSecond">Retries that are free in each second: 0 to 1,000,000.</param>
    /// <param name="timeProvider">The clock of the seconds; null for the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is not in its range.</exception>
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
        while (saved < MostSaved)
        {
            var seen = Interlocked.CompareExchange(ref _saved, Math.Min(saved + _deposit, MostSaved), saved);
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
