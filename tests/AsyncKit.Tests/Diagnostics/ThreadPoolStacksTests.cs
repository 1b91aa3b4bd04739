#pragma warning disable VSTHRD002 // Waits of this kind are the subject.

namespace AsyncKit.Tests;

/// <summary>What the runtime tells of the stacks of this process. Linux only.</summary>
public sealed class ThreadPoolStacksTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task What_keeps_threads_of_the_pool_is_named_with_how_many_there_are()
    {
        using var end = new ManualResetEventSlim();
        var threads = new Thread?[2];
        var blocked = Enumerable.Range(0, 2).Select(index => Task.Run(() => KeepsItsThread(ref threads[index], end))).ToList();
        Thread? other = null;
        var thread = new Thread(() => KeepsItsThread(ref other, end)) { IsBackground = true }; // Not the pool's.
        thread.Start();
        await Hang.UntilAsync(() => threads.All(
            one => Volatile.Read(ref one)?.ThreadState.HasFlag(ThreadState.WaitSleepJoin) == true));

        var places = ThreadPoolStacks.Look();

        end.Set();
        await Task.WhenAll(blocked);
        thread.Join();
        if (OperatingSystem.IsLinux())
        {
            var place = Assert.Single(places, one => one.Method.EndsWith(nameof(KeepsItsThread), StringComparison.Ordinal));
            Assert.Equal(2, place.Threads);
            Assert.StartsWith("   at System.Threading.ManualResetEventSlim.Wait", place.StackTrace, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_trace_that_is_cut_or_spoiled_anywhere_harms_nobody()
    {
        if (SelfStackSampler.Take() is not { } trace)
        {
            Assert.False(OperatingSystem.IsLinux());
            return;
        }

        Assert.NotNull(TraceReader.Read(trace));
        var random = new Random(1);
        for (var times = 0; times < 20; times++)
        {
            Assert.Null(TraceReader.Read(trace[..random.Next(trace.Length)]));
            var spoiled = trace.ToArray();
            spoiled[random.Next(spoiled.Length)] ^= (byte)(1 << random.Next(8));
            _ = TraceReader.Read(spoiled); // Whatever it says, it ends.
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void KeepsItsThread(ref Thread? thread, ManualResetEventSlim end)
    {
        Volatile.Write(ref thread, Thread.CurrentThread);
        end.Wait();
    }
}
