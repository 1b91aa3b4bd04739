using Moq;

namespace AsyncKit.Http.Tests;

public sealed class BlockingReadLimitTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_late_callback_of_an_earlier_read_does_not_end_the_next_one()
    {
        var time = new VirtualTime();
        using var target = new Target();
        using var limit = new BlockingReadLimit(time, target);

        limit.Start(Limit);
        time.Advance(Limit / 2);
        Assert.True(limit.TryStop());
        limit.Start(Limit);
        time.Advance(Limit * 0.75);

        Assert.True(limit.TryStop());
        Assert.False(target.IsDisposed);
        Assert.Equal(0, time.PendingTimers);
    }

    [Fact]
    public void A_callback_before_the_limit_of_the_running_read_ends_nothing()
    {
        var time = new ManualTime();
        using var target = new Target();
        using var limit = new BlockingReadLimit(time, target);
        limit.Start(Limit);
        Assert.True(limit.TryStop());

        limit.Start(Limit);
        time.Fire!(); // That of the first read, late.
        Assert.False(target.IsDisposed);
        time.Now += Limit.Ticks;
        time.Fire();

        Assert.True(target.IsDisposed);
        Assert.False(limit.TryStop());
    }

    [Fact]
    public async Task A_read_ends_or_its_target_is_disposed_but_never_both()
    {
        const int Rounds = 2_000;
        for (var round = 0; round < Rounds; round++)
        {
            var time = new VirtualTime();
            using var target = new Target();
            using var limit = new BlockingReadLimit(time, target);
            using var start = new Barrier(2);
            limit.Start(Limit);

            var advancing = Task.Run(() =>
            {
                start.SignalAndWait();
                time.Advance(Limit);
            });
            start.SignalAndWait();
            var isInTime = limit.TryStop();
            await advancing;

            Assert.NotEqual(isInTime, target.IsDisposed);
        }
    }

    [Fact]
    public void A_target_that_throws_from_Dispose_does_not_end_the_process()
    {
        var time = new VirtualTime();
        using var limit = new BlockingReadLimit(time, new ThrowingTarget());

        limit.Start(Limit);
        time.Advance(Limit);

        Assert.False(limit.TryStop());
    }

    private sealed class Target : IDisposable
    {
        private volatile bool _isDisposed;

        public bool IsDisposed => _isDisposed;

        public void Dispose() => _isDisposed = true;
    }

    /// <summary>A clock whose timer fires when the test says so.</summary>
    private sealed class ManualTime : TimeProvider
    {
        public long Now { get; set; }

        public Action? Fire { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Fire = () => callback(state);
            return Mock.Of<ITimer>();
        }
    }

    private sealed class ThrowingTarget : IDisposable
    {
        public void Dispose() => throw new IOException("closed");
    }
}
