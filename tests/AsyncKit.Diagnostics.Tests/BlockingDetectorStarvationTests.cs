#pragma warning disable VSTHRD002 // Waits of this kind are the subject.

namespace AsyncKit.Diagnostics.Tests;

/// <summary>Starvation on virtual time. The test holds the queue of the thread pool.</summary>
public sealed class BlockingDetectorStarvationTests : IClassFixture<NothingLeftBehind>
{
    private readonly VirtualTime _time = new();
    private readonly List<BlockingFinding> _found = [];
    private readonly HeldContext _pool = new();

    [Fact]
    public void Work_that_waits_for_a_thread_is_reported_while_it_waits() => _pool.Run(() =>
    {
        using var detector = Start();
        _time.Advance(TimeSpan.FromMilliseconds(300)); // The first tick queues the probe.
        Assert.Equal(1, _pool.Queued);
        Assert.Empty(_found);

        _time.Advance(TimeSpan.FromMilliseconds(100));

        var finding = Assert.Single(_found);
        Assert.Equal(BlockingKind.PoolStarvation, finding.Kind);
        Assert.Equal(TimeSpan.FromMilliseconds(300), finding.Elapsed);
        Assert.StartsWith("Work waited 300 ms for a thread-pool thread.", finding.ToString(), StringComparison.Ordinal);
        Assert.Null(finding.FanOut);
        Assert.Null(finding.Index);
        End(detector);
    });

    [Fact]
    public void Latency_below_the_threshold_is_not_reported() => _pool.Run(() =>
    {
        using var detector = Start();
        for (var tick = 0; tick < 20; tick++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            _pool.RunQueued();
        }

        Assert.Empty(_found);
        End(detector);
    });

    [Fact]
    public void A_long_starvation_is_reported_again_after_the_interval_with_the_suppressed_count() => _pool.Run(() =>
    {
        using var detector = Start();
        _time.Advance(TimeSpan.FromSeconds(59)); // A long starvation counts once.
        Assert.Single(_found);
        for (var times = 0; times < 3; times++)
        {
            _pool.RunQueued();
            _time.Advance(TimeSpan.FromMilliseconds(400)); // One more each time, within the minute.
        }

        Assert.Single(_found);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal([0L, 3L], _found.Select(one => one.Suppressed));
        Assert.DoesNotContain("Suppressed", _found[0].ToString(), StringComparison.Ordinal);
        Assert.EndsWith(" Suppressed since the last report: 3.", _found[1].ToString(), StringComparison.Ordinal);
        End(detector);
    });

    [Fact]
    public void Time_in_which_the_process_stands_still_does_not_count_as_starvation() => _pool.Run(() =>
    {
        var interval = TimeSpan.FromMilliseconds(100);
        var probe = new ThreadPoolProbe(interval);
        probe.OnTick(interval);
        Assert.Equal(TimeSpan.Zero, probe.Waited);

        probe.OnTick(TimeSpan.FromHours(1));
        Assert.Equal(2 * interval, probe.Waited);
        probe.OnTick(interval);
        Assert.Equal(3 * interval, probe.Waited);

        _pool.RunQueued();
        probe.OnTick(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, probe.Waited);
        _pool.RunQueued();
    });

    [Fact]
    public async Task A_starvation_is_reported_with_the_stack_on_which_most_threads_wait()
    {
        var end = new TaskCompletionSource<int>();
        using var detector = Start();
        Task[] blocked =
        [
            Task.Run(() => WaitsHere(end.Task)), Task.Run(() => WaitsThere(end.Task)), Task.Run(() => WaitsHere(end.Task)),
        ];
        await Hang.UntilAsync(() => detector.BlockedStacks.Count(stack => stack.Contains("WaitsHere(")) == 2
            && detector.BlockedStacks.Count(stack => stack.Contains("WaitsThere(")) == 1);

        _pool.Run(() => _time.Advance(TimeSpan.FromMilliseconds(400)));
        end.SetResult(1);
        await Task.WhenAll(blocked);

        var finding = Assert.Single(_found, one => one.Kind == BlockingKind.PoolStarvation);
        Assert.Contains("WaitsHere(", finding.StackTrace, StringComparison.Ordinal);
        Assert.InRange(finding.BlockedThreads, 3, int.MaxValue);
        Assert.Contains("known to wait for a task", finding.ToString(), StringComparison.Ordinal);
        _pool.Run(() => End(detector));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WaitsHere(Task<int> task) => task.Result;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WaitsThere(Task<int> task) => task.Result;

    private BlockingDetector Start() => BlockingDetector.Start(new BlockingDetectorOptions
    {
        TimeProvider = _time,
        OnBlocking = _found.Add,
    });

    private void End(BlockingDetector detector)
    {
        detector.Dispose();
        _pool.RunQueued();
    }
}
