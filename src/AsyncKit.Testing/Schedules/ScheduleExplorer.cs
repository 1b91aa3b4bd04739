using System.Globalization;

namespace AsyncKit.Testing;

/// <summary>
/// Runs one schedule after the other on a thread of its own, while the thread that asked for it watches: whatever the
/// body does, the call returns.
/// </summary>
internal sealed class ScheduleExplorer(Func<AsyncTestContext, Task> test, AsyncTestOptions options)
{
    private const int SchedulesPerCollection = 1_000;
    private const int Young = 1;

    /// <summary>Only its own tests set it, which have no half a minute.</summary>
    internal static TimeSpan LongestStep { get; set; } = TimeSpan.FromSeconds(30);

    private readonly int _collectionsBefore = GC.CollectionCount(Young);
    private AggregateException? _unobserved;
    private AsyncTestException? _failure;
    private Schedule? _running;
    private bool _isAbandoned;

    private bool IsDone => _failure is not null || Volatile.Read(ref _isAbandoned);

    public AsyncTestException? Explore()
    {
        ThreadPoolListener.Start();
        ThreadPoolNoise.CountRun(1);
        // A generous stack: continuations that complete each other in line nest here as they do in production.
        var thread = new Thread(RunAll, 16 << 20) { IsBackground = true, Name = "AsyncKit.Testing" };
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            thread.Start();
            return Watch(thread);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
            ThreadPoolNoise.CountRun(-1);
        }
    }

    private AsyncTestException? Watch(Thread thread)
    {
        Schedule? seen = null;
        var steps = 0;
        while (!thread.Join(LongestStep))
        {
            var now = Volatile.Read(ref _running);
            if (now is not null && now == seen && now.Steps == steps && !System.Diagnostics.Debugger.IsAttached)
            {
                Volatile.Write(ref _isAbandoned, true);
                thread.Interrupt();
                return Failed(now.Seed, new ScheduleFailure(string.Create(
                    CultureInfo.InvariantCulture,
                    $"one step has taken more than {LongestStep.TotalSeconds} s. It loops for ever, blocks the thread, "
                    + $"or waits for what it has started on another thread.")));
            }

            (seen, steps) = (now, now?.Steps ?? 0);
        }

        return _failure;
    }

    private void RunAll()
    {
        try
        {
            RunEach();
        }
        catch (ThreadInterruptedException)
        {
            // Between two schedules; reported by the thread that watches.
        }
    }

    private void RunEach()
    {
        var first = options.Seed ?? 1;
        var last = options.Seed ?? (long)options.Schedules;
        var firstUnchecked = first;
        for (long next = first; next <= last && !IsDone; next++)
        {
            Run((int)next);
            if (!IsDone && (next == last || (next - first + 1) % SchedulesPerCollection == 0))
            {
                FindUnobserved(firstUnchecked, (int)next);
                firstUnchecked = unchecked((int)next + 1);
            }
        }
    }

    private void Run(int seed)
    {
        var schedule = new Schedule(seed, options);
        Volatile.Write(ref _running, schedule);
        if (InItsOwnContext(schedule) is { } failure)
        {
            _failure = Failed(seed, failure);
        }

        Volatile.Write(ref _running, null);
    }

    /// <summary>What a body sets in its ExecutionContext, a schedule after it must not see.</summary>
    private ScheduleFailure? InItsOwnContext(Schedule schedule)
    {
        if (ExecutionContext.Capture() is not { } context)
        {
            return schedule.Run(test);
        }

        ScheduleFailure? failure = null;
        ExecutionContext.Run(context, _ => failure = schedule.Run(test), null);
        return failure;
    }

    /// <summary>
    /// An unobserved exception is seen when its task is collected, which is too expensive after each schedule. So
    /// several are run before, and if there was one, run again one by one. One that does not come twice with the same
    /// seed is not of ours: others use this process too.
    /// </summary>
    private void FindUnobserved(int first, int last)
    {
        if (CollectUnobserved() is null)
        {
            return;
        }

        for (long seed = first; seed <= last && !IsDone; seed++)
        {
            Run((int)seed);
            if (!IsDone && CollectUnobserved() is not null)
            {
                Run((int)seed);
                if (!IsDone && CollectUnobserved() is { } exception)
                {
                    _failure = Failed((int)seed, new ScheduleFailure(
                        $"the exception of a task was never observed: {exception.GetBaseException().Message}",
                        exception));
                }
            }
        }
    }

    /// <summary>What the schedules have made is still young as long as nothing older than that was collected since they
    /// began: then the collection need not look at the whole heap of the test host, which takes ten times as long.</summary>
    private AggregateException? CollectUnobserved()
    {
        GC.Collect(GC.CollectionCount(Young) == _collectionsBefore ? Young : GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        return Interlocked.Exchange(ref _unobserved, null);
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs args) =>
        Volatile.Write(ref _unobserved, args.Exception);

    private AsyncTestException Failed(int seed, ScheduleFailure failure)
    {
        var of = options.Seed is null
            ? FormattableString.Invariant($"Schedule {seed} of {options.Schedules}")
            : "The schedule";
        return new AsyncTestException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{of} failed, Seed = {seed}: {failure.Message}{Environment.NewLine}"
                + $"To run exactly this one again: new AsyncTestOptions {{ Seed = {seed} }}"),
            seed,
            failure.Exception);
    }
}
