using System.Diagnostics;

namespace AsyncKit;

/// <summary>The state of the item that a worker runs, and the resource that the worker keeps for its next
/// items.</summary>
/// <param name="clock">Null if durations are not measured.</param>
/// <remarks>Lifetime: one for each worker, reused for every item. Only that worker writes it.</remarks>
internal sealed class ItemState(TimeProvider? clock)
{
    private long _startedAt;

    public long Index { get; private set; }

    public bool IsStarted { get; private set; }

    public int Attempts { get; set; }

    /// <summary>The lease of the gate in the options; default if the options have no gate.</summary>
    public Lease Lease { get; set; }

    public TimeSpan Duration { get; private set; }

    /// <summary>Written by the observer of the run: the item was counted as started.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Written by the observer of the run: the item is in the metric of active items.</summary>
    public bool IsActive { get; set; }

    /// <summary>Written by the observer of the run: the outcome was recorded.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Written by the observer of the run: the span of the item.</summary>
    public Activity? Span { get; set; }

    /// <summary>Written by the observer of the run: the timer that reports slow items; null until the first
    /// one.</summary>
    public IAsyncDisposable? Watch { get; set; }

    public bool HasResource { get; private set; }

    /// <summary>The resource that the worker opened; may be null even if <see cref="HasResource"/> is true.</summary>
    public object? Resource { get; private set; }

    public bool MustBeDisposed => HasResource || Watch is not null;

    /// <summary>The index as the public API reports it: indexes beyond the range of an int are reported as its
    /// maximum.</summary>
    public static int ShownIndex(long index) => (int)Math.Min(index, int.MaxValue);

    public void Keep(object? resource) => (Resource, HasResource) = (resource, true);

    /// <summary>Called when the worker exits.</summary>
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

    /// <summary>Resets the state for the next item, which may still have to wait for its start.</summary>
    public void Take(long index)
    {
        Index = index;
        Attempts = 0;
        Duration = TimeSpan.Zero;
        IsStarted = IsCounted = IsActive = IsEnded = false;
        Span = null;
    }

    /// <summary>Called just before the operation is called.</summary>
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

    /// <summary>Ends an item that failed. The clock may be what threw, and the outcome must be recorded
    /// nevertheless.</summary>
    public void EndFailed()
    {
        try
        {
            End();
        }
        catch (Exception)
        {
            // The item's own exception is reported.
        }
    }
}
