using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

#pragma warning disable VSTHRD002 // Waits of this kind are the subject.

namespace AsyncKit.Tests;

/// <summary>Threads of the pool that wait for a task. The time is virtual, the threads are not.</summary>
public sealed class BlockingDetectorWaitTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(250);

    private readonly VirtualTime _time = new();
    private readonly List<BlockingFinding> _found = [];
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static TheoryData<string, Action<Task<int>>> Waits => new()
    {
        { nameof(ReadsResult), task => ReadsResult(task) },
        { nameof(WaitsFor), WaitsFor },
        { nameof(GetsResult), task => GetsResult(task) },
        { nameof(GetsResultOfValueTask), task => GetsResultOfValueTask(task) },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task A_finding_is_told_one_ProbeInterval_after_its_threshold_at_the_latest_also_when_what_blocks_never_ends(
        string name, Action<Task<int>> wait)
    {
        await using var detector = Start();
        var blocked = Task.Run(() => wait(_end.Task));
        await IsBlockedAsync(detector, name);

        _time.Advance(Threshold - TimeSpan.FromMilliseconds(1));
        Assert.Empty(Told(name));
        _time.Advance(TimeSpan.FromMilliseconds(100));

        var finding = Assert.Single(Told(name));
        Assert.Equal((BlockingKind.SynchronousWait, TimeSpan.FromMilliseconds(300)), (finding.Kind, finding.Elapsed));
        Assert.Equal("A thread of the pool has waited 300 ms for a task.", finding.ToString());
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Single(Told(name)); // One wait is one finding, however long it is.
        Assert.False(blocked.IsCompleted);
        _end.SetResult(1);
        await blocked;
    }

    [Fact]
    public async Task The_stack_begins_with_the_call_that_waits_and_has_only_the_users_methods_below()
    {
        await using var detector = Start();
        var blocked = Task.Run(() => Enumerable.Repeat(_end.Task, 1).Select(ReadsResult).ToArray());
        await IsBlockedAsync(detector, nameof(ReadsResult));

        _time.Advance(Threshold * 2);
        _end.SetResult(1);
        await blocked;

        var lines = Assert.Single(Told(nameof(ReadsResult))).StackTrace!.Split('\n');
        Assert.StartsWith("   at System.Threading.Tasks.Task`1.", lines[0], StringComparison.Ordinal);
        Assert.Contains($"{nameof(BlockingDetectorWaitTests)}.{nameof(ReadsResult)}(", lines[1], StringComparison.Ordinal);
        Assert.Contains("BlockingDetectorWaitTests.cs:line", lines[1], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.DoesNotContain("   at System.", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wait_that_has_ended_is_told_when_it_was_too_long_and_else_not()
    {
        var logger = new ListLogger();
        await using (var detector = Start(logger: logger, probeInterval: TimeSpan.FromHours(1)))
        {
            foreach (var elapsed in new[] { Threshold - TimeSpan.FromTicks(1), Threshold })
            {
                var end = new TaskCompletionSource<int>();
                var blocked = Task.Run(() => ReadsResult(end.Task));
                await IsBlockedAsync(detector, nameof(ReadsResult));
                _time.Advance(elapsed);
                end.SetResult(1);
                await blocked;
            }

            Assert.DoesNotContain(detector.BlockedAt, place => place.Contains(nameof(ReadsResult)));
        }

        Assert.Equal(Threshold, Assert.Single(Told(nameof(ReadsResult))).Elapsed);
        var entry = Assert.Single(logger.Entries, one => one.Message.Contains(nameof(ReadsResult)));
        Assert.Equal((80, LogLevel.Warning), (entry.Id, entry.Level));
        Assert.StartsWith(
            "A thread of the pool has waited 250 ms for a task. Not told since the last: 0.", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_wait_has_ended_and_is_told_when_it_was_too_long()
    {
        using var cancellation = new CancellationTokenSource();
        using var goOn = new ManualResetEventSlim();
        var hasLeft = new TaskCompletionSource();
        await using var detector = Start(probeInterval: TimeSpan.FromMinutes(1));
        var blocked = Task.Run(() =>
        {
            Assert.Throws<OperationCanceledException>(() => WaitsWithToken(_end.Task, cancellation.Token));
            hasLeft.SetResult();
            goOn.Wait(); // Blocked all the same, but no longer for the task.
        });
        await IsBlockedAsync(detector, nameof(WaitsWithToken));
        _time.Advance(Threshold);

        await cancellation.CancelAsync();
        await hasLeft.Task.OrHangs();
        Assert.DoesNotContain(detector.BlockedAt, place => place.Contains(nameof(WaitsWithToken)));
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(Threshold, Assert.Single(Told(nameof(WaitsWithToken))).Elapsed);
        goOn.Set();
        await blocked;
    }

    [Fact]
    public async Task A_wait_that_has_timed_out_has_ended()
    {
        await using var detector = Start();

        Assert.False(await Task.Run(() => WaitsBriefly(_end.Task)));

        Assert.DoesNotContain(detector.BlockedAt, place => place.Contains(nameof(WaitsBriefly)));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(Told(nameof(WaitsBriefly)));
    }

    [Fact]
    public async Task A_wait_without_a_users_method_on_its_stack_is_not_told_nor_is_one_on_a_thread_that_is_not_the_pools()
    {
        await using var detector = Start();
        var own = new Thread(() => ReadsResult(_end.Task));
        own.Start();
        var blocked = Task.Run((Action)_end.Task.Wait); // Only the runtime's methods.
        var seen = Task.Run(() => WaitsFor(_end.Task));
        await IsBlockedAsync(detector, nameof(WaitsFor));
        await Hang.UntilAsync(() => own.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        await Hang.UntilAsync(() => blocked.Status == TaskStatus.Running);

        _time.Advance(TimeSpan.FromHours(1));
        _end.SetResult(1);
        own.Join();
        await blocked;
        await seen;
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Empty(Told(nameof(ReadsResult)));
        Assert.All(_found, one => Assert.Contains("\n", one.StackTrace, StringComparison.Ordinal));
        Assert.Single(Told(nameof(A_wait_without_a_users_method_on_its_stack_is_not_told_nor_is_one_on_a_thread_that_is_not_the_pools)));
    }

    [Fact]
    public async Task A_wait_that_runs_its_task_itself_is_not_told_but_one_inside_of_it_is()
    {
        await using var detector = Start();
        var inner = new Task<int>(() =>
        {
            _time.Advance(Threshold * 2); // On this thread, which works.
            return GetsResult(_end.Task);
        });
        var blocked = Task.Run(() =>
        {
            inner.Start(new OnlyInline());
            return ReadsResult(inner);
        });
        await IsBlockedAsync(detector, nameof(GetsResult));
        _time.Advance(Threshold * 2);
        _end.SetResult(1);
        await blocked;
        _time.Advance(TimeSpan.FromHours(1));

        var finding = Assert.Single(Told(nameof(GetsResult)));
        Assert.Equal(TimeSpan.FromMilliseconds(300), finding.Elapsed); // Without what the thread has done before.
        Assert.Same(finding, Assert.Single(Told(nameof(ReadsResult)))); // Further down its stack.
        Assert.DoesNotContain(detector.BlockedAt, place => place.Contains(nameof(ReadsResult)));
    }

    [Fact]
    public async Task What_the_clock_throws_reaches_no_user_code()
    {
        var clock = new BrokenClock();
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions { TimeProvider = clock });
        clock.IsBroken = true;

        var done = Task.Run(() => WaitsBriefly(_end.Task));
        Assert.False(await done);
        clock.Tick!(clock.State); // Nor the timer.

        clock.IsBroken = false;
    }

    [Fact]
    public async Task The_logger_and_OnBlocking_are_called_one_at_a_time_and_never_on_the_thread_that_blocks()
    {
        const int Count = 8;
        var inside = 0;
        var names = new List<string?>();
        var told = new TaskCompletionSource();
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions
        {
            WaitThreshold = TimeSpan.Zero,
            ReportInterval = TimeSpan.Zero,
            ProbeInterval = TimeSpan.FromMilliseconds(1),
            OnBlocking = finding =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                if (names.Count < Count
                    && finding.StackTrace?.Contains(nameof(WaitsFor), StringComparison.Ordinal) == true)
                {
                    names.Add(Thread.CurrentThread.Name);
                }

                Interlocked.Decrement(ref inside);
                if (names.Count == Count)
                {
                    told.TrySetResult();
                }
            },
        });

        var blocked = Enumerable.Range(0, Count).Select(_ => Task.Run(() => WaitsFor(_end.Task))).ToList();
        await told.Task.OrHangs();
        _end.SetResult(1);
        await Task.WhenAll(blocked);

        Assert.All(names, name => Assert.Equal("AsyncKit:BlockingDetector", name));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ReadsResult(Task<int> task) => task.Result;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WaitsFor(Task<int> task) => task.Wait();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int GetsResult(Task<int> task) => task.GetAwaiter().GetResult();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int GetsResultOfValueTask(Task<int> task) => new ValueTask<int>(task).GetAwaiter().GetResult();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WaitsWithToken(Task<int> task, CancellationToken token) => task.Wait(token);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool WaitsBriefly(Task<int> task) => task.Wait(TimeSpan.FromMilliseconds(1));

    private static Task IsBlockedAsync(BlockingDetector detector, string name) =>
        Hang.UntilAsync(() => detector.BlockedAt.Any(place => place.Contains(name + "(", StringComparison.Ordinal)));

    private BlockingDetector Start(ILogger? logger = null, TimeSpan? probeInterval = null) =>
        BlockingDetector.Start(new BlockingDetectorOptions
        {
            WaitThreshold = Threshold,
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            ProbeInterval = probeInterval ?? TimeSpan.FromMilliseconds(100),
            ReportInterval = TimeSpan.Zero,
            TimeProvider = _time,
            OnBlocking = _found.Add,
            Logger = logger,
        });

    /// <summary>Others in this process may wait as well.</summary>
    private List<BlockingFinding> Told(string name) =>
        [.. _found.Where(one => one.StackTrace?.Contains(name, StringComparison.Ordinal) == true)];

    private sealed class OnlyInline : TaskScheduler
    {
        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task)
        {
        }

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);
    }

    private sealed class BrokenClock : TimeProvider
    {
        public bool IsBroken { get; set; }

        public TimerCallback? Tick { get; private set; }

        public object? State { get; private set; }

        public override long GetTimestamp() => IsBroken ? throw new FormatException("The clock's.") : 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (Tick, State) = (callback, state);
            return new VirtualTime().CreateTimer(callback, state, dueTime, period);
        }
    }
}
