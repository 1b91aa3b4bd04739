using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace AsyncKit.Testing.Tests;

/// <summary>Tests the clock with code that takes a TimeProvider.</summary>
public sealed class VirtualTimeUsersTests
{
    private readonly VirtualTime _time = new();

    [Fact]
    public async Task VirtualTime_works_with_Task_Delay()
    {
        var delay = Task.Delay(Seconds(10), _time, CancellationToken.None);
        _time.Advance(Seconds(9));
        Assert.False(delay.IsCompleted);

        _time.Advance(Seconds(1));

        Assert.True(delay.IsCompletedSuccessfully);
        Assert.Equal(0, _time.PendingTimers);
        await delay;
    }

    [Fact]
    public async Task A_cancelled_Task_Delay_leaves_no_timer()
    {
        using var source = new CancellationTokenSource();
        var delay = Task.Delay(Seconds(10), _time, source.Token);
        Assert.Equal(1, _time.PendingTimers);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delay);
        Assert.Equal(0, _time.PendingTimers);
    }

    [Fact]
    public void VirtualTime_works_with_CancellationTokenSource()
    {
        using var source = new CancellationTokenSource(Seconds(10), _time);
        _time.Advance(Seconds(9));
        Assert.False(source.IsCancellationRequested);

        _time.Advance(Seconds(1));

        Assert.True(source.IsCancellationRequested);
    }

    [Fact]
    public void VirtualTime_works_with_CancelAfter()
    {
        using var source = new CancellationTokenSource(Seconds(10), _time);
        source.CancelAfter(Seconds(20));
        _time.Advance(Seconds(15));
        Assert.False(source.IsCancellationRequested);
        source.CancelAfter(Timeout.InfiniteTimeSpan);
        Assert.Equal(0, _time.PendingTimers);
        _time.Advance(Seconds(100));
        Assert.False(source.IsCancellationRequested);

        source.CancelAfter(Seconds(1));
        _time.Advance(Seconds(1));

        Assert.True(source.IsCancellationRequested);
    }

    [Fact]
    public void TryReset_resets_only_a_source_without_a_virtual_timer()
    {
        using var without = new CancellationTokenSource();
        using var with = new CancellationTokenSource(Seconds(10), _time);

        Assert.True(without.TryReset());
        Assert.False(with.TryReset());
        with.Dispose();

        Assert.Equal(0, _time.PendingTimers);
    }

    [Fact]
    public async Task VirtualTime_works_with_PeriodicTimer()
    {
        var ticks = 0;
        using var timer = new PeriodicTimer(Seconds(1), _time);
        for (var i = 0; i < 5; i++)
        {
            var next = timer.WaitForNextTickAsync().AsTask();
            Assert.False(next.IsCompleted);
            _time.Advance(Seconds(1));
            Assert.True(await next);
            ticks++;
        }

        timer.Period = Seconds(5);
        var slow = timer.WaitForNextTickAsync().AsTask();
        _time.Advance(Seconds(4));
        Assert.False(slow.IsCompleted);
        _time.Advance(Seconds(1));
        Assert.True(await slow);
        Assert.Equal(5, ticks);
    }

    [Fact]
    public async Task VirtualTime_works_with_Task_WaitAsync()
    {
        var never = new TaskCompletionSource();
        var wait = never.Task.WaitAsync(Seconds(10), _time);
        _time.Advance(Seconds(9));
        Assert.False(wait.IsCompleted);
        _time.Advance(Seconds(1));
        await Assert.ThrowsAsync<TimeoutException>(() => wait);

        var inTime = never.Task.WaitAsync(Seconds(10), _time);
        never.SetResult();
        await inTime;

        Assert.Equal(0, _time.PendingTimers);
    }

    [Fact]
    public void VirtualTime_works_with_Polly() => AsyncTest.Run(
        async context =>
        {
            var pipeline = new ResiliencePipelineBuilder { TimeProvider = context.Time }
                .AddRetry(new RetryStrategyOptions
                {
                    MaxRetryAttempts = 3,
                    Delay = TimeSpan.FromMinutes(1),
                    BackoffType = DelayBackoffType.Exponential,
                })
                .AddTimeout(TimeSpan.FromSeconds(30))
                .Build();
            var began = new List<double>();

            var result = await pipeline.ExecuteAsync(async token =>
            {
                began.Add(context.Time.Elapsed.TotalSeconds);
                if (began.Count == 1)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, token);
                }

                return began.Count == 2 ? throw new FormatException() : "good";
            });

            // The first attempt times out after 30 s; the backoff adds 1 and 2 minutes.
            Assert.Equal([0, 90, 210], began);
            Assert.Equal("good", result);
        },
        new() { Schedules = 20 });

    [Fact]
    public async Task VirtualTime_works_with_Polly_outside_of_AsyncTest()
    {
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = _time }
            .AddTimeout(TimeSpan.FromSeconds(30))
            .Build();

        var call = pipeline.ExecuteAsync(
            async token => await Task.Delay(Timeout.InfiniteTimeSpan, _time, token)).AsTask();
        Assert.True(_time.AdvanceToNextTimer());

        await Assert.ThrowsAsync<TimeoutRejectedException>(() => call);
        Assert.Equal(Seconds(30), _time.Elapsed);
        Assert.Equal(0, _time.PendingTimers);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
