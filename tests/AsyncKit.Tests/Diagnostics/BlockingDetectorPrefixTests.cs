using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Operations that keep their thread before the first await, and what becomes of many findings.</summary>
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
    public async Task A_prefix_that_lasts_names_the_index_of_its_item(
        string call, Func<IReadOnlyList<int>, FanOutOptions, Func<int, CancellationToken, Task<int>>, Task> run)
    {
        await using var detector = Start();
        var clock = new VirtualTime(); // The fan-out's.
        var options = new FanOutOptions { MaxConcurrency = 1, TimeProvider = clock };

        await run([10, 11, 12], options, async (item, _) =>
        {
            clock.Advance(item == 11 ? Second : TimeSpan.FromMilliseconds(99));
            await Task.Yield();
            clock.Advance(item == 12 ? Second : TimeSpan.Zero); // After the first await nobody is held up.
            return item;
        });
        _time.Advance(Second);

        var finding = Assert.Single(_found);
        Assert.Equal((BlockingKind.SlowPrefix, 1L, Second), (finding.Kind, finding.Index, finding.Elapsed));
        Assert.Equal(
            "Item 1 of a fan-out kept its thread for 1000 ms before its first await.", finding.ToString());
        Assert.True(call.Length > 0);
    }

    [Fact]
    public async Task A_prefix_that_throws_or_completes_at_once_is_told_too()
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
    public async Task Nothing_is_watched_before_Start_and_after_Dispose()
    {
        Assert.False(BlockingDetector.WatchesPrefixes);
        BlockingDetector.OnPrefix("before", 0, Second);
        var detector = Start();
        var other = BlockingDetector.Start(new BlockingDetectorOptions { TimeProvider = _time });
        Assert.True(BlockingDetector.WatchesPrefixes);
        Assert.Equal(2, _time.PendingTimers);

        await other.DisposeAsync();
        Assert.True(BlockingDetector.WatchesPrefixes);
        await detector.DisposeAsync();
        await detector.DisposeAsync();

        Assert.False(BlockingDetector.WatchesPrefixes);
        BlockingDetector.OnPrefix("after", 0, Second);
        _time.Advance(Second);
        Assert.Equal(0, _time.PendingTimers);
        Assert.Empty(_found);
    }

    [Fact]
    public async Task What_is_not_looked_for_is_not_watched()
    {
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            WaitThreshold = Timeout.InfiniteTimeSpan,
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            PrefixThreshold = Timeout.InfiniteTimeSpan,
            TimeProvider = _time,
            OnBlocking = _found.Add,
        });
        Assert.False(BlockingDetector.WatchesPrefixes);

        new HeldContext().Run(() => _time.Advance(TimeSpan.FromHours(1)));

        Assert.Empty(_found);
    }

    [Fact]
    public async Task Of_one_kind_and_place_one_finding_is_told_per_ReportInterval_and_the_next_says_how_many_there_were()
    {
        await using var detector = Start();
        for (var index = 0; index < 3; index++)
        {
            BlockingDetector.OnPrefix("one", index, Second);
        }

        BlockingDetector.OnPrefix("two", 7, Second);
        _time.Advance(Second);
        Assert.Equal([("one", 0L, 0L), ("two", 7L, 0L)], Told());

        _time.Advance(TimeSpan.FromMinutes(1));
        BlockingDetector.OnPrefix("one", 3, Second);
        BlockingDetector.OnPrefix("one", 4, Second);
        _time.Advance(Second);

        Assert.Equal([("one", 0L, 0L), ("two", 7L, 0L), ("one", 3L, 2L)], Told());
    }

    [Fact]
    public async Task Many_places_take_bounded_memory_and_old_ones_make_room()
    {
        await using var detector = Start();
        for (var place = 0; place < 3_000; place++)
        {
            BlockingDetector.OnPrefix($"place {place}", 0, Second);
            if (place % 500 == 499)
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
            }
        }

        Assert.Equal(1_000, _found.Count);
        _time.Advance(TimeSpan.FromMinutes(1));
        BlockingDetector.OnPrefix("new", 0, Second);
        _time.Advance(Second);

        Assert.Equal("new", _found[^1].FanOut);
    }

    [Fact]
    public async Task DisposeAsync_tells_what_was_found_before_and_ends_after_the_last_call()
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
            BlockingDetector.OnPrefix("last", 5, Second);

            await detector.DisposeAsync().AsTask().OrHangs();

            Assert.Equal(5, Assert.Single(_found).Index);
        }
    }

    [Fact]
    public async Task What_OnBlocking_throws_is_logged_and_the_next_finding_is_told()
    {
        var logger = new ListLogger();
        var calls = 0;
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            TimeProvider = _time,
            Logger = logger,
            OnBlocking = _ => throw new FormatException($"call {++calls}"),
        });

        BlockingDetector.OnPrefix("one", 1, Second);
        BlockingDetector.OnPrefix("two", 2, Second);
        _time.Advance(TimeSpan.FromMilliseconds(100)); // One tick tells both.

        Assert.Equal(2, calls);
        Assert.Equal([82, 83, 82, 83], logger.Entries.Select(entry => entry.Id));
        Assert.All(logger.Entries, entry => Assert.Equal(LogLevel.Warning, entry.Level));
        Assert.StartsWith("Item 1 of the fan-out one kept", logger.Entries[0].Message, StringComparison.Ordinal);
        Assert.Equal("call 2", Assert.IsType<FormatException>(logger.Entries[3].Exception).Message);
    }

    [Fact]
    public async Task What_the_logger_throws_is_dropped_and_OnBlocking_is_told()
    {
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            TimeProvider = _time,
            Logger = new ThrowingLogger(),
            OnBlocking = finding =>
            {
                _found.Add(finding);
                throw new FormatException();
            },
        });

        BlockingDetector.OnPrefix("one", 1, Second);
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

    private (string?, long?, long)[] Told() => [.. _found.Select(one => (one.FanOut, one.Index, one.Suppressed))];

    private sealed class ThrowingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => throw new InvalidOperationException("The logger's.");
    }
}
