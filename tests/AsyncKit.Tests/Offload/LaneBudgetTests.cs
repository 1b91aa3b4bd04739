using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>What a call allocates, and what stays behind.</summary>
public sealed class LaneBudgetTests : IClassFixture<NothingLeftBehind>
{
    private const int Calls = 10_000;

    public LaneBudgetTests() => ThreadPoolListener.Stop(); // What other tests have switched on allocates.

    [Fact]
    public async Task A_call_allocates_three_objects()
    {
        await using var lane = Lanes.Of(1);
        await CallAsync();

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await CallAsync();

        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - before) / Calls, 1, 300);

        async Task CallAsync()
        {
            for (var call = 0; call < Calls; call++)
            {
                await lane.RunAsync(static () => 1);
            }
        }
    }

    [Fact]
    public async Task A_thread_that_is_idle_keeps_nothing_of_its_last_work()
    {
        await using var lane = Lanes.Of(1);
        var (thread, work) = await CallAsync();
        await Hang.UntilAsync(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(work.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<(Thread Thread, WeakReference Work)> CallAsync()
        {
            var big = new byte[1_000];
            var used = await lane.RunAsync(() => big.Length == 0 ? null! : Thread.CurrentThread).OrHangs();
            return (used, new WeakReference(big));
        }
    }

    [Fact]
    public async Task A_lane_that_nobody_disposes_is_collected_when_its_threads_have_ended()
    {
        var time = new VirtualTime();
        var (thread, lane) = await UseAsync();
        await Hang.UntilAsync(() => time.PendingTimers == 1);
        time.Advance(TimeSpan.FromSeconds(20));
        await Hang.UntilAsync(() => !thread.IsAlive);

        await Hang.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !lane.IsAlive;
        });

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<(Thread Thread, WeakReference Lane)> UseAsync()
        {
            var left = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1, TimeProvider = time });
            var used = await left.RunAsync(() => Thread.CurrentThread).OrHangs();
            return (used, new WeakReference(left));
        }
    }
}
