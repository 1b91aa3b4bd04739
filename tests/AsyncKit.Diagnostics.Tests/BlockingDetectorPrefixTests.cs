using Microsoft.Extensions.Logging;

namespace AsyncKit.Diagnostics.Tests;

/// <summary>Operations that keep their thread before the first await, and the handling of many findings.</summary>
public sealed class BlockingDetectorPrefixTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly VirtualTime _time = new();
    private readonly List<BlockingFinding> _found = [];

    public static TheoryData<string, Func<IReadOnlyList<int>, FanOutOptions, Func<int, CancellationToken, Task<int>>, Task>>
        Calls => new()
        {
            { "array", (items, options, operation) => items.ToArray().FanOutAsync(options, operation) },
            { "sequence", (items, options, operation) => items.Select(item => item).FanOutAsync(options, operation) },
            {
                "no result", (items, options, operation) => items.ToArray().FanOutAsync(
                    options, async (item, token) => { await operation(item, token); })
            },
            { "report", (items, options, operation) => items.FanOutReportAsync(options, operation) },
        };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_slow_prefix_is_reported_with_the_index_of_its_item(
        string call, Func<IReadOnlyList<int>, FanOutOptions, Func<int, CancellationToken, Task<int>>, Task> run)
    {
        await using var detector = Start();
        var clock = new VirtualTime(); // The fan-out's.
        var options = new FanOutOptions { MaxConcurrency = 1, TimeProvider = clock };

        await run([10, 11, 12], options, async (item, _) =>
        {
            clock.Advance(item == 11 ? Second : TimeSpan.FromMilliseconds(99));
            await Task.Yield();
            clock.Advance(item == 12 ? Second : TimeSpan.Zero); // After the first await, so it keeps no thread.
            return item;
        });
        _time.Advance(Second);

        var finding = Assert.Single(_found);
        Assert.Equal((BlockingKind.SlowPrefix, 1L, Second), (finding.Kind, finding.Index, finding.Elapsed));
        Assert.Equal(
            "Item 1 of a fan-out ran for 1 s before its first await.", finding.ToString());
        Assert.True(call.Length > 0);
    }

    [Fact]
    public async Task A_slow_prefix_is_reported_if_it_throws_or_completes_synchronously()
    {
        await using var detector = Start(TimeSpan.Zero);
        var clock = new VirtualTime();
        var options = new FanOutOptions { MaxConcurrency = 1, OnFailure = FailureMode.RunToEnd, TimeProvider = clock };

        await new[] { 0, 1, 2 }.FanOutReportAsync(options, (item, _) =>
        {
            clock.Advance(item == 0 ? TimeSpan.Zero : Second);
            return item == 1 ? throw new FormatException() : ValueTask.FromResult(item);
        });
        _time.Advance(Second);

        Assert.Equal([1L, 2L], _found.Select(one => one.Index));
    }

    [Fact]
    public async Task Nothing_is_observed_before_Start_and_after_Dispose()
    {
        Assert.False(SynchronousPrefix.IsObserved);
        SynchronousPrefix.Report("before", 0, Second);
        var detector = Start();
        var other = BlockingDetector.Start(new BlockingDetectorOptions { TimeProvider = _time });
        Assert.True(SynchronousPrefix.IsObserved);
        Assert.Equal(2, _time.PendingTimers);

        await other.DisposeAsync();
        Assert.True(SynchronousPrefix.IsObserved);
        await detector.DisposeAsync();
        await detector.DisposeAsync();

        Assert.False(SynchronousPrefix.IsObserved);
        SynchronousPrefix.Report("after", 0, Second);
        _time.Advance(Second);
        Assert.Equal(0, _time.PendingTimers);
        Assert.Empty(_found);
    }

    [Fact]
    public async Task A_check_that_is_turned_off_observes_nothing()
    {
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            WaitThreshold = Timeout.InfiniteTimeSpan,
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            PrefixThreshold = Timeout.InfiniteTimeSpan,
            TimeProvider = _time,
            OnBlocking = _found.Add,
        });
        Assert.False(SynchronousPrefix.IsObserved);

        new HeldContext().Run(() => _time.Advance(TimeSpan.FromHours(1)));

        Assert.Empty(_found);
    }

    [Fact]
    public async Task One_finding_per_group_is_reported_in_an_interval_and_the_next_has_the_suppressed_count()
    {
        await using var detector = Start();
        for (var index = 0; index < 3; index++)
        {
            SynchronousPrefix.Report("one", index, Second);
        }

        SynchronousPrefix.Report("two", 7, Second);
        _time.Advance(Second);
        Assert.Equal([("one", 0L, 0L), ("two", 7L, 0L)], Reported());

        _time.Advance(TimeSpan.FromMinutes(1));
        SynchronousPrefix.Report("one", 3, Second);
        SynchronousPrefix.Report("one", 4, Second);
        _time.Advance(Second);

        Assert.Equal([("one", 0L, 0L), ("two", 7L, 0L), ("one", 3L, 2L)], Reported());
    }

    [Fact]
    public async Task The_number_of_groups_is_limited_and_new_groups_replace_old_ones()
    {
        await using var detector = Start();
        for (var group = 0; group < 3_000; group++)
        {
            SynchronousPrefix.Report($"group {group}", 0, Second);
            if (group % 500 == 499)
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
            }
        }

        Assert.Equal(1_000, _found.Count);
        _time.Advance(TimeSpan.FromMinutes(1));
        SynchronousPrefix.Report("new", 0, Second);
        _time.Advance(Second);

        Assert.Equal("new", _found[^1].FanOut);
    }

    [Fact]
    public async Task DisposeAsync_reports_earlier_findings_and_completes_after_the_last_callback()
    {
        foreach (var clock in new[] { _time, TimeProvider.System })
        {
            _found.Clear();
            var detector = BlockingDetector.Start(new BlockingDetectorOptions
            {
                ProbeInterval = TimeSpan.FromHours(1),
                TimeProvider = clock,
                OnBlocking = _found.Add,
            });
            SynchronousPrefix.Report("last", 5, Second);

            await detector.DisposeAsync().AsTask().OrHangs();

            Assert.Equal(5, Assert.Single(_found).Index);
        }
    }

    [Fact]
    public async Task An_exception_from_OnBlocking_is_logged_and_the_next_finding_is_reported()
    {
        var logger = new LogLines();
        var calls = 0;
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            TimeProvider = _time,
            Logger = logger,
            OnBlocking = _ => throw new FormatException($"call {++calls}"),
        });

        SynchronousPrefix.Report("one", 1, Second);
        SynchronousPrefix.Report("two", 2, Second);
        _time.Advance(TimeSpan.FromMilliseconds(100)); // One tick reports both.

        Assert.Equal(2, calls);
        Assert.Equal([82, 83, 82, 83], logger.All.Select(line => line.Id));
        Assert.All(logger.All, line => Assert.Equal(LogLevel.Warning, line.Level));
        Assert.StartsWith("Item 1 of the fan-out one ran", logger.All[0].Text, StringComparison.Ordinal);
        Assert.Equal("call 2", Assert.IsType<FormatException>(logger.All[3].Exception).Message);
    }

    [Fact]
    public async Task An_exception_from_the_logger_is_dropped_and_OnBlocking_is_called()
    {
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            TimeProvider = _time,
            Logger = new LogLines { Fault = new InvalidOperationException() },
            OnBlocking = finding =>
            {
                _found.Add(finding);
                throw new FormatException();
            },
        });

        SynchronousPrefix.Report("one", 1, Second);
        _time.Advance(Second);

        Assert.Single(_found);
    }

    private BlockingDetector Start(TimeSpan? reportInterval = null) => BlockingDetector.Start(new BlockingDetectorOptions
    {
        WaitThreshold = Timeout.InfiniteTimeSpan,
        PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
        ReportInterval = reportInterval ?? TimeSpan.FromMinutes(1),
        TimeProvider = _time,
        OnBlocking = _found.Add,
    });

    private (string?, long?, long)[] Reported() => [.. _found.Select(one => (one.FanOut, one.Index, one.Suppressed))];
}
