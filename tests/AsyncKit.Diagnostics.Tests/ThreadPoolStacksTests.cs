#pragma warning disable VSTHRD002 // Waits of this kind are the subject.

namespace AsyncKit.Diagnostics.Tests;

/// <summary>The stacks of this process, as the runtime samples them.</summary>
public sealed class ThreadPoolStacksTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ThreadPoolStacks _stacks = new();

    [Fact]
    public Task A_method_that_keeps_threads_of_the_thread_pool_is_named_with_their_number() => WhileBlockedAsync(() =>
    {
        var hotspot = Assert.Single(_stacks.Sample(Limit), IsKept);
        Assert.Equal(2, hotspot.Threads);
        Assert.StartsWith(
            "   at System.Threading.ManualResetEventSlim.Wait\n", hotspot.StackTrace, StringComparison.Ordinal);
        return Task.CompletedTask;
    });

    [Fact]
    public Task A_sampling_that_exceeds_its_limit_returns_nothing_and_a_later_one_succeeds() => WhileBlockedAsync(async () =>
    {
        Assert.Empty(_stacks.Sample(TimeSpan.Zero));

        await Hang.UntilAsync(() => _stacks.Sample(Limit).Any(IsKept));
    });

    private static bool IsKept(ThreadPoolHotspot hotspot) =>
        hotspot.Method.EndsWith(nameof(KeepsItsThread), StringComparison.Ordinal);

    /// <summary>Runs the test while one method keeps two threads of the thread pool and another thread.</summary>
    private static async Task WhileBlockedAsync(Func<Task> test)
    {
        using var end = new ManualResetEventSlim();
        var threads = new Thread?[2];
        var blocked = Enumerable.Range(0, 2).Select(index => Task.Run(() => KeepsItsThread(ref threads[index], end))).ToList();
        Thread? other = null;
        var thread = new Thread(() => KeepsItsThread(ref other, end)) { IsBackground = true };
        thread.Start();
        try
        {
            await Hang.UntilAsync(() => threads.All(
                one => Volatile.Read(ref one)?.ThreadState.HasFlag(ThreadState.WaitSleepJoin) == true));
            await test();
        }
        finally
        {
            end.Set();
            await Task.WhenAll(blocked);
            thread.Join();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void KeepsItsThread(ref Thread? thread, ManualResetEventSlim end)
    {
        Volatile.Write(ref thread, Thread.CurrentThread);
        end.Wait();
    }
}
