namespace AsyncKit;

/// <summary>
/// Tells what was found, once an interval for each kind and place. Called by one thread at a time; throws nothing.
/// </summary>
internal sealed class BlockingReporter(BlockingDetectorOptions options, TimeProvider clock)
{
    private const int MostPlaces = 1000;

    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal); // By kind and stack or name.

    public void ReportWait(TimeSpan elapsed, string stackTrace)
    {
        if (ShouldReport($"{BlockingKind.SynchronousWait} {UserStack.Users(stackTrace)}", out var suppressed))
        {
            Report(new(BlockingKind.SynchronousWait, elapsed, stackTrace, null, null, null, suppressed));
        }
    }

    public void ReportPrefix(TimeSpan elapsed, string? fanOut, long index)
    {
        if (ShouldReport($"{BlockingKind.SlowPrefix} {fanOut}", out var suppressed))
        {
            Report(new(BlockingKind.SlowPrefix, elapsed, null, fanOut, index, null, suppressed));
        }
    }

    /// <summary>Not new is one that lasts since the last tick.</summary>
    public void ReportStarvation(TimeSpan elapsed, bool isNew, Func<(ThreadPoolSnapshot Pool, string? StackTrace)> look)
    {
        if (ShouldReport($"{BlockingKind.PoolStarvation}", out var suppressed, isNew))
        {
            var (pool, stackTrace) = look();
            Report(new(BlockingKind.PoolStarvation, elapsed, stackTrace, null, null, pool, suppressed));
        }
    }

    public void OnCallbackFailed(Exception exception)
    {
        if (options.Logger is { } logger)
        {
            try
            {
                Log.OnBlockingFailed(logger, exception);
            }
            catch (Exception)
            {
                // There is nobody left to be told.
            }
        }
    }

    private bool ShouldReport(string key, out long suppressed, bool isNew = true)
    {
        var now = clock.GetTimestamp();
        suppressed = 0;
        return PlaceOf(key, now) is { } place
            && place.ShouldReport(now, clock, options.ReportInterval, isNew, out suppressed);
    }

    /// <summary>Null when there are too many.</summary>
    private Place? PlaceOf(string key, long now)
    {
        if (_places.TryGetValue(key, out var place))
        {
            return place;
        }

        if (_places.Count >= MostPlaces)
        {
            foreach (var (old, _) in _places.Where(one => one.Value.IsOver(now, clock, options.ReportInterval)).ToList())
            {
                _ = _places.Remove(old);
            }
        }

        return _places.Count < MostPlaces ? _places[key] = new Place() : null;
    }

    private void Report(BlockingFinding finding)
    {
        try
        {
            if (options.Logger is { } logger)
            {
                Log.Found(logger, finding);
            }
        }
        catch (Exception)
        {
            // A logger that throws; the callback is told all the same.
        }

        try
        {
            options.OnBlocking?.Invoke(finding);
        }
        catch (Exception exception)
        {
            OnCallbackFailed(exception);
        }
    }

    private sealed class Place
    {
        private long? _toldAt;
        private long _suppressed;

        public bool IsOver(long now, TimeProvider clock, TimeSpan interval) =>
            _toldAt is not { } then || clock.GetElapsedTime(then, now) >= interval;

        public bool ShouldReport(long now, TimeProvider clock, TimeSpan interval, bool isNew, out long suppressed)
        {
            if (!IsOver(now, clock, interval))
            {
                _suppressed += isNew ? 1 : 0;
                suppressed = 0;
                return false;
            }

            (_toldAt, suppressed, _suppressed) = (now, _suppressed, 0);
            return true;
        }
    }
}
