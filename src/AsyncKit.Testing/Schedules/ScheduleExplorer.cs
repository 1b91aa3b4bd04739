using System.Globalization;

namespace AsyncKit.Testing;

/// <summary>
/// Runs one schedule after the other on a dedicated thread, while the calling thread watches it. So the call returns even
/// if the body blocks or loops.
/// </summary>
internal sealed class ScheduleExplorer(Func<AsyncTestContext, Task> test, AsyncTestOptions options)
{
    private const int SchedulesPerCollection = 1_000;
    private const int Young = 1;

    /// <summary>The time after which a step counts as stuck. Only tests set it.</summary>
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
        // A large stack: continuations that complete each other inline nest here as they do in production.
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
                    $"one step took more than {LongestStep.TotalSeconds} s. It loops forever, blocks the thread, "
                    + $"or waits for work that it started on another thread.")));
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
            // Between two schedules. The watching thread reports it.
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

    /// <summary>Isolates the ExecutionContext, so a later schedule does not see changes by this body.</summary>
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
    /// An unobserved exception shows when its task is collected, and a collection after each schedule is too expensive.
    /// So many schedules run before a collection, and only if it finds an exception do they run again one by one. An
    /// exception that does not occur twice with the same seed is ignored: other code uses this process too.
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

    /// <summary>Collects only young generations if no older one was collected since the start, because then all tasks
    /// of the schedules are still young. A full collection of the test host takes ten times as long.</summary>
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
                + $"To replay it: new AsyncTestOptions {{ Seed = {seed} }}"),
            seed,
            failure.Exception);
    }
}
