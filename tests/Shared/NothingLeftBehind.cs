namespace AsyncKit.Tests;

/// <summary>
/// The class fixture of every test class. Fails the class if its tests left an unobserved task exception, a running
/// worker of the library, or active timers.
/// </summary>
public sealed class NothingLeftBehind : IDisposable
{
    /// <summary>The number of timers that the test host itself may start while a class runs.</summary>
    public const int TimersOfTheHost = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<Exception> _unobserved = [];
    private readonly long _maxTimers = Timer.ActiveCount + TimersOfTheHost;
    private readonly long _maxWorkers = LeakCounter.Count; // A leak fails the class that caused it, not all later ones.

    public NothingLeftBehind() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    public void Dispose()
    {
        try
        {
            Assert.Empty(TakeUnobserved());
            CheckWorkersAndTimers(Patience);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }
    }

    /// <summary>Fails if the exception of a task that is garbage now was never observed.</summary>
    public void Check() => Assert.Empty(TakeUnobserved());

    /// <summary>Collects what is garbage now and gives the unobserved exceptions among it, once.</summary>
    public IReadOnlyList<Exception> TakeUnobserved()
    {
        GC.Collect(); // Once: the finalizer that reports the exception becomes garbage together with its task.
        GC.WaitForPendingFinalizers();

        lock (_unobserved)
        {
            Exception[] taken = [.. _unobserved];
            _unobserved.Clear();
            return taken;
        }
    }

    /// <summary>Fails if a worker still runs or too many timers are active after the given time. A thread that just
    /// completed a run needs a moment to exit.</summary>
    public void CheckWorkersAndTimers(TimeSpan patience)
    {
        if (!SpinWait.SpinUntil(() => LeakCounter.Count <= _maxWorkers && Timer.ActiveCount <= _maxTimers, patience))
        {
            Assert.Fail(
                $"{LeakCounter.Count} workers or runs still run; {Timer.ActiveCount} timers are active, at most {_maxTimers} are allowed.");
        }
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs args)
    {
        lock (_unobserved)
        {
            _unobserved.Add(args.Exception);
        }
    }
}
