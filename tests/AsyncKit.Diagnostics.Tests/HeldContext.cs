namespace AsyncKit.Diagnostics.Tests;

/// <summary>Queues the work of the library until the test runs it, like a thread pool that starves.</summary>
internal sealed class HeldContext : SynchronizationContext, IServiceProvider
{
    private readonly Queue<(SendOrPostCallback Work, object? State)> _queue = new();

    public int Queued => _queue.Count;

    public object? GetService(Type serviceType) => null;

    public override void Post(SendOrPostCallback d, object? state) => _queue.Enqueue((d, state));

    public void RunQueued()
    {
        while (_queue.TryDequeue(out var one))
        {
            one.Work(one.State);
        }
    }

    /// <summary>Runs the test with this context as the current one.</summary>
    public void Run(Action test)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            test();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }
}
