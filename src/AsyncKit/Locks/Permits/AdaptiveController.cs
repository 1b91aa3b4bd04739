namespace AsyncKit;

/// <summary>
/// What an adaptive gate knows about its limit. Only under the lock of the gate's queue, and asked only about leases that
/// were taken after the limit fell for the last time.
/// </summary>
internal sealed class AdaptiveController(AdaptiveLimit options)
{
    private const double AgainTo = 0.5;

    private double _limit = options.Start;
    private bool _isStarting = true;
    private bool _hasRisen;
    private long? _fellAt;

    /// <returns>The limit from now on.</returns>
    public int Next(GateSignal signal, bool isFull, TimeProvider clock)
    {
        if (signal == GateSignal.Throttled)
        {
            Lower(clock);
        }
        else if (signal == GateSignal.Success && isFull)
        {
            Raise();
        }

        return (int)_limit;
    }

    /// <summary>Somebody has set the limit.</summary>
    public void Set(int limit) => (_limit, _isStarting) = (limit, false);

    private void Raise()
    {
        var before = (int)_limit;
        _limit = Math.Min(options.Max, _limit + (_isStarting ? 1 : 1 / _limit));
        _hasRisen |= (int)_limit > before;
    }

    private void Lower(TimeProvider clock)
    {
        if (options.Cooldown > TimeSpan.Zero)
        {
            if (_fellAt is { } fellAt && clock.GetElapsedTime(fellAt) < options.Cooldown)
            {
                return;
            }

            _fellAt = clock.GetTimestamp();
        }

        // Throttled again without a success in between: it is far too high, so small steps would take long.
        var lowered = Math.Min(_limit - 1, _limit * (_hasRisen ? options.DecreaseTo : AgainTo));
        _limit = Math.Max(options.Min, Math.Floor(lowered));
        (_isStarting, _hasRisen) = (false, false);
    }
}
