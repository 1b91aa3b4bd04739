namespace AsyncKit.Tests;

/// <summary>What the library queues under this context is kept until the test lets it go: a pool that starves.</summary>
internal sealed class HeldContext : SynchronizationContext, IServiceProvider
{
    private readonly Queue<(SendOrPostCallback Work, object? State)> _held = new();

    public int Held => _held.Count;

    public object? GetService(Type serviceType) => null;

    public override void Post(SendOrPostCallback d, object? state) => _held.Enqueue((d, state));

    public void LetGo()
    {
        while (_held.TryDequeue(out var one))
        {
            one.Work(one.State);
        }
    }

    /// <summary>Makes it current, and runs the test under it.</summary>
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
