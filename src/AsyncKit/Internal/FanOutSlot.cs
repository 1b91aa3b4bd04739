namespace AsyncKit;

/// <summary>What a worker knows about the item it works on, and what it keeps for the next; one for each worker.</summary>
internal sealed class FanOutSlot(TimeProvider clock)
{
    private long _startedAt;

    public int Attempts { get; set; }

    public TimeSpan Duration { get; private set; }

    public bool HasResource { get; private set; }

    /// <summary>What the worker has opened; null may be what it is.</summary>
    public object? Resource { get; private set; }

    /// <summary>Indexes go on beyond what a result array can hold; what is shown stays at the end of it.</summary>
    public static int ShownIndex(long index) => (int)Math.Min(index, int.MaxValue);

    public void Keep(object? resource) => (Resource, HasResource) = (resource, true);

    /// <summary>When the worker ends.</summary>
    public ValueTask DisposeResourceAsync()
    {
        var resource = Resource;
        (Resource, HasResource) = (null, false);
        switch (resource)
        {
            case IAsyncDisposable asyncDisposable:
                return asyncDisposable.DisposeAsync();
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }

        return default;
    }

    public void Start()
    {
        Attempts = 0;
        Duration = TimeSpan.Zero;
        _startedAt = clock.GetTimestamp();
        Attempts = 1;
    }

    public void End() => Duration = clock.GetElapsedTime(_startedAt);

    /// <summary>Of an item that has failed, maybe by this very clock: it must be put all the same.</summary>
    public void EndFailed()
    {
        try
        {
            End();
        }
        catch (Exception)
        {
            // The item's own exception is told.
        }
    }
}
