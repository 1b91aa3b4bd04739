#pragma warning disable RS0030 // Occupies threads of the pool, without a context.

namespace AsyncKit.Testing.Tests;

public sealed class ThreadPoolNoiseTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_thread_that_becomes_free_does_not_hide_a_work_item_of_the_schedule()
    {
        AsyncTest.Run(static _ => Task.CompletedTask, new AsyncTestOptions { Schedules = 1 }); // Measures the noise.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        Assert.True(ThreadPool.SetMinThreads(16, ports)); // No item waits for a thread.
        using var started = new ManualResetEvent(initialState: false);
        using var release = new ManualResetEvent(initialState: false);
        _ = ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                started.Set();
                release.WaitOne();
            },
            null);
        Assert.True(started.WaitOne(Enough));
        bool? isHidden = null;

        AsyncTest.Run(
            async _ =>
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        var busy = ThreadPoolListener.BusyThreads;
                        release.Set();
                        _ = SpinWait.SpinUntil(() => ThreadPoolListener.BusyThreads < busy, Enough);
                        isHidden = ThreadPoolNoise.IsOnlyNoise(out var _);
                    },
                    null);
                await Task.Yield();
            },
            new AsyncTestOptions { Schedules = 1 });

        Assert.True(SpinWait.SpinUntil(() => isHidden is not null, Enough));
        Assert.True(ThreadPool.SetMinThreads(workers, ports));
        Assert.False(isHidden);
    }
}
