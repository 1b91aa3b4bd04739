using System.Globalization;

namespace AsyncKit.Testing;

/// <summary>Runs the schedules one after the other on a separate thread. The calling thread watches, so the call
/// returns regardless of the test body.</summary>
internal sealed class ScheduleExplorer(Func<AsyncTestContext, Task> test, AsyncTestOptions options)
{
    private const int SchedulesPerCollection = 1_000;

    /// <summary>The maximum duration of a step. Settable for tests.</summary>
    internal static TimeSpan MaxStepTime { get; set; } = TimeSpan.FromSeconds(30);

    private readonly int[] _collections = new int[GC.MaxGeneration]; // By generation, at the last check.
    private AggregateException? _unobserved;
    private AsyncTestException? _failure;
    private Schedule? _running;
    private bool _isAbandoned;

    private bool IsDone => _failure is not null || Volatile.Read(ref _isAbandoned);

    public AsyncTestException? Explore()
    {
        ThreadPoolListener.Start();
        ThreadPoolNoise.CountRun(1);
        // Needs a large stack: inline continuations nest as they do in production.
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
        while (!thread.Join(MaxStepTime))
        {
            var now = Volatile.Read(ref _running);
            if (now is not null && now == seen && now.Steps == steps && !System.Diagnostics.Debugger.IsAttached)
            {
                Volatile.Write(ref _isAbandoned, true);
                thread.Interrupt();
                return Failed(now.Seed, new ScheduleFailure(
                    $"one step takes more than {TimeText.Of(MaxStepTime)}. It loops forever, blocks the thread, "
                    + "or waits for work that it started on another thread."));
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
            // Interrupted between two schedules; the watching thread reports the failure.
        }
    }

    private void RunEach()
    {
        ThreadPoolNoise.WaitUntilKnown();
        CountCollections();
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
        if (RunIsolated(schedule) is { } failure)
        {
            _failure = Failed(seed, failure);
        }

        Volatile.Write(ref _running, null);
    }

    /// <summary>Runs a schedule in a copy of the ExecutionContext, so that its changes do not reach the next
    /// one.</summary>
    private ScheduleFailure? RunIsolated(Schedule schedule)
    {
        if (ExecutionContext.Capture() is not { } context)
        {
            return schedule.Run(test);
        }

        ScheduleFailure? failure = null;
        ExecutionContext.Run(context, _ => failure = schedule.Run(test), null);
        return failure;
    }

    /// <summary>Finds the schedule that left an unobserved exception.</summary>
    /// <remarks>The runtime reports an unobserved exception when it collects the task, and a collection after each
    /// schedule is too expensive. So the check covers several schedules. If it finds an exception, they run again one
    /// by one. An exception that does not occur twice with the same seed belongs to unrelated code of this
    /// process.</remarks>
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

    /// <summary>Collects garbage and returns the unobserved exception. Without another collection since the last check,
    /// the objects of the schedules are in the youngest generation. To collect that one alone is much faster.</summary>
    private AggregateException? CollectUnobserved()
    {
        GC.Collect(OldestGeneration(), GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        CountCollections();
        return Interlocked.Exchange(ref _unobserved, null);
    }

    /// <summary>Returns the oldest generation that an object of the schedules since the last check may be in.</summary>
    private int OldestGeneration()
    {
        var generation = 0;
        while (generation < GC.MaxGeneration && GC.CollectionCount(generation) != _collections[generation])
        {
            generation++;
        }

        return generation;
    }

    private void CountCollections()
    {
        for (var generation = 0; generation < _collections.Length; generation++)
        {
            _collections[generation] = GC.CollectionCount(generation);
        }
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs args) =>
        Volatile.Write(ref _unobserved, args.Exception);

    private AsyncTestException Failed(int seed, ScheduleFailure failure)
    {
        var subject = options.Seed is null
            ? FormattableString.Invariant($"Schedule {seed} of {options.Schedules}")
            : "The schedule";
        return new AsyncTestException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{subject} failed, Seed = {seed}: {failure.Message}{Environment.NewLine}"
                + $"To replay it: new AsyncTestOptions {{ Seed = {seed} }}"),
            seed,
            failure.Exception);
    }
}
