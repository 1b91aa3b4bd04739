namespace AsyncKit.Benchmarks;

/// <summary>One round of a scenario: some items, one client, one variant. Disposed after the round.</summary>
internal abstract class Scenario : IDisposable
{
    /// <summary>Does the work. Only this is timed. The blocking variants block the calling thread.</summary>
    public abstract Task RunAsync(Variant variant, CancellationToken cancellationToken);

    /// <summary>Returns the results of the round in the order of the items. Not timed.</summary>
    public abstract Fetched[] Results();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
