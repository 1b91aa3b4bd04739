namespace AsyncKit;

/// <summary>
/// Has a pool swept when its next idle item is too old. One timer, made when it is needed for the first time. All members
/// but <see cref="Execute"/> are called under the pool's lock.
/// </summary>
internal sealed class PoolSweeper(TimeProvider clock, Func<Task> sweepAsync) : IThreadPoolWorkItem
{
    private ITimer? _timer;
    private long _at = long.MaxValue;

    /// <summary>Not later than that. Being early costs a look at the items.</summary>
    public void SweepAfter(TimeSpan time)
    {
        var at = clock.GetTimestamp() + (long)(time.TotalSeconds * clock.TimestampFrequency);
        if (at >= _at)
        {
            return;
        }

        _at = at;
        _timer ??= clock.CreateTimer(
            static state => AsyncEnvironment.Queue((PoolSweeper)state!), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _ = _timer.Change(time > TimeSpan.Zero ? time : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The timer has fired: the next one is for whoever asks first.</summary>
    public void Begin() => _at = long.MaxValue;

    public void Stop() => _timer?.Dispose();

    public void Execute() => _ = sweepAsync();
}
