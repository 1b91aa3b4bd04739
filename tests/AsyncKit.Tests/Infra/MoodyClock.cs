using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>A clock that throws from every member, including those of its timers, while <see cref="IsBad"/> is
/// set.</summary>
internal sealed class MoodyClock : TimeProvider
{
    private readonly VirtualTime _time = new();

    public bool IsBad { get; set; }

    /// <summary>Whether the timers throw only, and the clock does not.</summary>
    public bool IsBadTimer { get; set; }

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override long GetTimestamp() => IsBad ? throw Fault() : _time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        IsBad ? throw Fault() : new MoodyTimer(this, _time.CreateTimer(callback, state, dueTime, period));

    public static FormatException Fault() => new("clock");

    private sealed class MoodyTimer(MoodyClock clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) =>
            clock.IsBad || clock.IsBadTimer ? throw Fault() : timer.Change(dueTime, period);

        public void Dispose()
        {
            timer.Dispose();
            if (clock.IsBad || clock.IsBadTimer)
            {
                throw Fault();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
