using System.Diagnostics;

namespace AsyncKit;

/// <summary>What a worker knows about the item it works on, and what it keeps for the next; one for each worker.</summary>
/// <param name="clock">Null when nobody wants to know how long an item took.</param>
internal sealed class ItemState(TimeProvider? clock)
{
    private long _startedAt;

    public long Index { get; private set; }

    public bool IsStarted { get; private set; }

    public int Attempts { get; set; }

    /// <summary>Of the gate that is shared with others; default when there is none.</summary>
    public Lease Permit { get; set; }

    public TimeSpan Duration { get; private set; }

    /// <summary>What the observer of the run has noted of this item.</summary>
    public bool IsCounted { get; set; }

    /// <inheritdoc cref="IsCounted"/>
    public bool IsActive { get; set; }

    /// <inheritdoc cref="IsCounted"/>
    public bool IsEnded { get; set; }

    /// <inheritdoc cref="IsCounted"/>
    public Activity? Span { get; set; }

    /// <summary>Of this worker's items; null while none was watched.</summary>
    public IAsyncDisposable? Watch { get; set; }

    public bool HasResource { get; private set; }

    /// <summary>What the worker has opened; null may be what it is.</summary>
    public object? Resource { get; private set; }

    public bool MustBeDisposed => HasResource || Watch is not null;

    /// <summary>Indexes go on beyond what a result array can hold; what is shown stays at the end of it.</summary>
    public static int ShownIndex(long index) => (int)Math.Min(index, int.MaxValue);

    public void Keep(object? resource) => (Resource, HasResource) = (resource, true);

    /// <summary>When the worker ends.</summary>
    public async ValueTask DisposeAsync()
    {
        var resource = Resource;
        (Resource, HasResource) = (null, false);
        if (Watch is not null)
        {
            await Watch.DisposeAsync().NoContext();
        }

        await Disposal.DisposeAsync(resource).NoContext();
    }

    /// <summary>The worker has taken this item, which may have to wait for its start.</summary>
    public void Take(long index)
    {
        Index = index;
        Attempts = 0;
        Duration = TimeSpan.Zero;
        IsStarted = IsCounted = IsActive = IsEnded = false;
        Span = null;
    }

    /// <summary>The operation is called next.</summary>
    public void Start()
    {
        _startedAt = clock?.GetTimestamp() ?? 0;
        IsStarted = true;
    }

    public void End()
    {
        if (clock is not null && IsStarted)
        {
            Duration = clock.GetElapsedTime(_startedAt);
        }
    }

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
