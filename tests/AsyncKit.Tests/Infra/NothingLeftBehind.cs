namespace AsyncKit.Tests;

/// <summary>
/// The class fixture of every test class: fails the class if its tests left a task whose exception was never observed,
/// a worker of the library that still lives, or timers that are still set.
/// </summary>
public sealed class NothingLeftBehind : IDisposable
{
    /// <summary>How many timers the test host may set of its own while a class runs.</summary>
    public const int TimersOfTheHost = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly List<Exception> _unobserved = [];
    private readonly long _mostTimers = Timer.ActiveCount + TimersOfTheHost;

    public NothingLeftBehind() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    public void Dispose()
    {
        try
        {
            Check();
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
        for (var round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        lock (_unobserved)
        {
            Exception[] taken = [.. _unobserved];
            _unobserved.Clear();
            return taken;
        }
    }

    /// <summary>Fails if something still lives after that long: a thread that has just ended a run may have a moment to
    /// go.</summary>
    public void CheckWorkersAndTimers(TimeSpan patience)
    {
        if (!SpinWait.SpinUntil(() => LeakCounter.Count == 0 && Timer.ActiveCount <= _mostTimers, patience))
        {
            Assert.Fail(
                $"{LeakCounter.Count} workers or runs still live; {Timer.ActiveCount} timers are set, {_mostTimers} at the most.");
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
