namespace AsyncKit;

/// <summary>Calculates the limit of an adaptive gate from the reports of its leases.</summary>
/// <remarks>All members are called under the lock of the gate's queue, and only for leases that were acquired after the
/// limit last decreased.</remarks>
internal sealed class AdaptiveController(AdaptiveLimit options)
{
    private const double RepeatedDecreaseTo = 0.5;

    private double _limit = options.Start;
    private bool _isStarting = true;
    private bool _hasIncreased;
    private long? _decreasedAt;

    /// <returns>The new limit.</returns>
    public int Update(GateSignal signal, bool isFull, TimeProvider clock)
    {
        if (signal == GateSignal.Throttled)
        {
            Decrease(clock);
        }
        else if (signal == GateSignal.Success && isFull)
        {
            Increase();
        }

        return (int)_limit;
    }

    /// <summary>Continues from a limit that the user set.</summary>
    public void Set(int limit) => (_limit, _isStarting) = (limit, false);

    private void Increase()
    {
        var before = (int)_limit;
        _limit = Math.Min(options.Max, _limit + (_isStarting ? 1 : 1 / _limit));
        _hasIncreased |= (int)_limit > before;
    }

    private void Decrease(TimeProvider clock)
    {
        if (options.Cooldown > TimeSpan.Zero)
        {
            if (_decreasedAt is { } decreasedAt && clock.GetElapsedTime(decreasedAt) < options.Cooldown)
            {
                return;
            }

            _decreasedAt = clock.GetTimestamp();
        }

        // Throttled again without an increase in between: the limit is far too high, so small steps would take long.
        var decreased = Math.Min(_limit - 1, _limit * (_hasIncreased ? options.DecreaseTo : RepeatedDecreaseTo));
        _limit = Math.Max(options.Min, Math.Floor(decreased));
        (_isStarting, _hasIncreased) = (false, false);
    }
}
