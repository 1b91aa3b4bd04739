using Microsoft.Extensions.Logging;

#pragma warning disable VSTHRD002 // Waits of this kind are the subject.

namespace AsyncKit.Diagnostics.Tests;

/// <summary>Thread-pool threads that wait for a task. The time is virtual, the threads are real.</summary>
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
    public async Task A_wait_is_reported_within_one_ProbeInterval_even_if_it_never_returns(
        string name, Action<Task<int>> wait)
    {
        await using var detector = Start();
        var blocked = Task.Run(() => wait(_end.Task));
        await IsBlockedAsync(detector, name);

        _time.Advance(Threshold - TimeSpan.FromMilliseconds(1));
        Assert.Empty(Reported(name));
        _time.Advance(TimeSpan.FromMilliseconds(100));

        var finding = Assert.Single(Reported(name));
        Assert.Equal((BlockingKind.SynchronousWait, TimeSpan.FromMilliseconds(300)), (finding.Kind, finding.Elapsed));
        Assert.Equal("A thread-pool thread waited 300 ms for a task.", finding.ToString());
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Single(Reported(name)); // One wait is one finding, regardless of its length.
        Assert.False(blocked.IsCompleted);
        _end.SetResult(1);
        await blocked;
    }

    [Fact]
    public async Task The_stack_starts_with_the_call_that_waits_and_has_only_user_code_below()
    {
        await using var detector = Start();
        var blocked = Task.Run(() => Enumerable.Repeat(_end.Task, 1).Select(ReadsResult).ToArray());
        await IsBlockedAsync(detector, nameof(ReadsResult));

        _time.Advance(Threshold * 2);
        _end.SetResult(1);
        await blocked;

        var lines = Assert.Single(Reported(nameof(ReadsResult))).StackTrace!.Split('\n');
        Assert.StartsWith("   at System.Threading.Tasks.Task`1.", lines[0], StringComparison.Ordinal);
        Assert.Contains($"{nameof(BlockingDetectorWaitTests)}.{nameof(ReadsResult)}(", lines[1], StringComparison.Ordinal);
        Assert.Contains("BlockingDetectorWaitTests.cs:line", lines[1], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.DoesNotContain("   at System.", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_ended_wait_is_reported_only_if_it_reached_the_threshold()
    {
        var logger = new LogLines();
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

            Assert.DoesNotContain(detector.BlockedStacks, stack => stack.Contains(nameof(ReadsResult)));
        }

        Assert.Equal(Threshold, Assert.Single(Reported(nameof(ReadsResult))).Elapsed);
        var entry = Assert.Single(logger.All, one => one.Text.Contains(nameof(ReadsResult)));
        Assert.Equal((80, LogLevel.Warning), (entry.Id, entry.Level));
        Assert.StartsWith(
            "A thread-pool thread waited 250 ms for a task.\n", entry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_wait_ends_and_is_reported_if_it_reached_the_threshold()
    {
        using var cancellation = new CancellationTokenSource();
        using var release = new ManualResetEventSlim();
        var hasThrown = new TaskCompletionSource();
        await using var detector = Start(probeInterval: TimeSpan.FromMinutes(1));
        var blocked = Task.Run(() =>
        {
            Assert.Throws<OperationCanceledException>(() => WaitsWithToken(_end.Task, cancellation.Token));
            hasThrown.SetResult();
            release.Wait(); // Still blocked, but no longer by the task.
        });
        await IsBlockedAsync(detector, nameof(WaitsWithToken));
        _time.Advance(Threshold);

        await cancellation.CancelAsync();
        await hasThrown.Task.OrHangs();
        Assert.DoesNotContain(detector.BlockedStacks, stack => stack.Contains(nameof(WaitsWithToken)));
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(Threshold, Assert.Single(Reported(nameof(WaitsWithToken))).Elapsed);
        release.Set();
        await blocked;
    }

    [Fact]
    public async Task A_wait_that_times_out_ends()
    {
        await using var detector = Start();

        Assert.False(await Task.Run(() => WaitsBriefly(_end.Task)));

        Assert.DoesNotContain(detector.BlockedStacks, stack => stack.Contains(nameof(WaitsBriefly)));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(Reported(nameof(WaitsBriefly)));
    }

    [Fact]
    public async Task A_wait_without_user_code_or_on_a_non_pool_thread_is_not_reported()
    {
        await using var detector = Start();
        var own = new Thread(() => ReadsResult(_end.Task));
        own.Start();
        var blocked = Task.Run((Action)_end.Task.Wait); // Only methods of the runtime.
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

        Assert.Empty(Reported(nameof(ReadsResult)));
        Assert.All(_found, one => Assert.Contains("\n", one.StackTrace, StringComparison.Ordinal));
        Assert.Single(Reported(nameof(A_wait_without_user_code_or_on_a_non_pool_thread_is_not_reported)));
    }

    [Fact]
    public async Task A_wait_that_runs_its_task_inline_is_not_reported_but_a_wait_of_that_task_is()
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

        var finding = Assert.Single(Reported(nameof(GetsResult)));
        Assert.Equal(TimeSpan.FromMilliseconds(300), finding.Elapsed); // Without the work before it.
        Assert.Same(finding, Assert.Single(Reported(nameof(ReadsResult)))); // Further down on its stack.
        Assert.DoesNotContain(detector.BlockedStacks, stack => stack.Contains(nameof(ReadsResult)));
    }

    [Fact]
    public async Task An_exception_from_the_clock_reaches_no_user_code()
    {
        var clock = new BrokenClock();
        await using var detector = BlockingDetector.Start(new BlockingDetectorOptions { TimeProvider = clock });
        clock.IsBroken = true;

        var done = Task.Run(() => WaitsBriefly(_end.Task));
        Assert.False(await done);
        clock.Tick!(clock.State); // Nor does it reach the timer.

        clock.IsBroken = false;
    }

    [Fact]
    public async Task Callbacks_never_overlap_and_never_run_on_the_thread_that_blocks()
    {
        const int Count = 8;
        var inside = 0;
        var names = new List<string?>();
        var reported = new TaskCompletionSource();
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
                    reported.TrySetResult();
                }
            },
        });

        var blocked = Enumerable.Range(0, Count).Select(_ => Task.Run(() => WaitsFor(_end.Task))).ToList();
        await reported.Task.OrHangs();
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
        Hang.UntilAsync(() => detector.BlockedStacks.Any(stack => stack.Contains(name + "(", StringComparison.Ordinal)));

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

    /// <summary>Other threads of this process may wait as well.</summary>
    private List<BlockingFinding> Reported(string name) =>
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

        public override long GetTimestamp() => IsBroken ? throw new FormatException("From the clock.") : 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (Tick, State) = (callback, state);
            return new VirtualTime().CreateTimer(callback, state, dueTime, period);
        }
    }
}
