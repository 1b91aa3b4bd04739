using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The allocations of a call, and the objects that stay reachable.</summary>
public sealed class LaneBudgetTests : IClassFixture<NothingLeftBehind>
{
    private const int Calls = 10_000;

    public LaneBudgetTests() => ThreadPoolListener.Stop(); // A listener that another test started allocates.

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
    public async Task An_idle_thread_keeps_no_reference_to_its_last_work()
    {
        await using var lane = Lanes.Of(1);
        var (thread, work) = await CallAsync();
        await Hang.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !work.IsAlive;
        });

        Assert.True(thread.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<(Thread Thread, WeakReference Work)> CallAsync()
        {
            var big = new byte[1_000];
            var used = await lane.RunAsync(() => big.Length == 0 ? null! : Thread.CurrentThread).OrHangs();
            return (used, new WeakReference(big));
        }
    }

    [Fact]
    public async Task A_lane_that_is_not_disposed_is_collected_after_its_threads_exit()
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
            var created = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1, TimeProvider = time });
            var used = await created.RunAsync(() => Thread.CurrentThread).OrHangs();
            return (used, new WeakReference(created));
        }
    }
}
