namespace AsyncKit.Tests;

/// <summary>A class fixture: fails the class if a task's exception was never observed while its tests ran.</summary>
public sealed class NothingLeftBehind : IDisposable
{
    private readonly List<Exception> _unobserved = [];

    public NothingLeftBehind() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    public void Dispose()
    {
        Check();
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
    }

    /// <summary>Collects what is garbage now and fails if there was an unobserved exception among it.</summary>
    public void Check()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        lock (_unobserved)
        {
            Assert.Empty(_unobserved);
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
