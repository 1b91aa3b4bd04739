using AsyncKit.Testing;

#pragma warning disable VSTHRD002 // Waits of this kind are the subject.

namespace AsyncKit.Tests;

/// <summary>A pool that starves, on virtual time: its queue is the test's.</summary>
public sealed class BlockingDetectorStarvationTests : IClassFixture<NothingLeftBehind>
{
    private readonly VirtualTime _time = new();
    private readonly List<BlockingFinding> _found = [];
    private readonly HeldContext _pool = new();

    [Fact]
    public void Work_that_waits_for_a_thread_is_told_while_it_waits() => _pool.Run(() =>
    {
        using var detector = Start();
        _time.Advance(TimeSpan.FromMilliseconds(300)); // The first tick queues the probe.
        Assert.Equal(1, _pool.Held);
        Assert.Empty(_found);

        _time.Advance(TimeSpan.FromMilliseconds(100));

        var finding = Assert.Single(_found);
        Assert.Equal(BlockingKind.PoolStarvation, finding.Kind);
        Assert.Equal(TimeSpan.FromMilliseconds(300), finding.Elapsed);
        Assert.StartsWith("Work has waited 300 ms for a thread of the pool.", finding.ToString(), StringComparison.Ordinal);
        Assert.Null(finding.FanOut);
        Assert.Null(finding.Index);
        End(detector);
    });

    [Fact]
    public void A_pool_that_comes_in_time_is_not_told() => _pool.Run(() =>
    {
        using var detector = Start();
        for (var tick = 0; tick < 20; tick++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            _pool.LetGo();
        }

        Assert.Empty(_found);
        End(detector);
    });

    [Fact]
    public void A_starvation_that_lasts_is_told_again_after_the_interval_and_those_between_are_counted() => _pool.Run(() =>
    {
        using var detector = Start();
        _time.Advance(TimeSpan.FromSeconds(59)); // One that lasts counts once.
        Assert.Single(_found);
        for (var times = 0; times < 3; times++)
        {
            _pool.LetGo();
            _time.Advance(TimeSpan.FromMilliseconds(400)); // One more each time, within the minute.
        }

        Assert.Single(_found);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal([0L, 3L], _found.Select(one => one.Suppressed));
        End(detector);
    });

    [Fact]
    public void Time_in_which_the_whole_process_stands_still_does_not_count_as_starvation() => _pool.Run(() =>
    {
        var interval = TimeSpan.FromMilliseconds(100);
        var probe = new ThreadPoolProbe(interval);
        probe.OnTick(interval);
        Assert.Equal(TimeSpan.Zero, probe.Waited);

        probe.OnTick(TimeSpan.FromHours(1));
        Assert.Equal(2 * interval, probe.Waited);
        probe.OnTick(interval);
        Assert.Equal(3 * interval, probe.Waited);

        _pool.LetGo();
        probe.OnTick(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, probe.Waited);
        _pool.LetGo();
    });

    [Fact]
    public async Task It_names_the_place_where_most_threads_wait()
    {
        var end = new TaskCompletionSource<int>();
        using var detector = Start();
        Task[] blocked =
        [
            Task.Run(() => WaitsHere(end.Task)), Task.Run(() => WaitsThere(end.Task)), Task.Run(() => WaitsHere(end.Task)),
        ];
        await Hang.UntilAsync(() => detector.BlockedAt.Count(place => place.Contains("WaitsHere(")) == 2
            && detector.BlockedAt.Count(place => place.Contains("WaitsThere(")) == 1);

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
        _pool.LetGo();
    }
}
