using System.Diagnostics;
using System.Threading.RateLimiting;

namespace AsyncKit;

/// <summary>The state of the item that a worker runs, and the resource that the worker keeps for its next
/// items.</summary>
/// <param name="clock">Null if durations are not measured.</param>
/// <remarks>Lifetime: one for each worker, reused for every item. Only that worker writes it.</remarks>
internal sealed class ItemState(TimeProvider? clock)
{
    private WorkerResource? _resource;
    private RateLimitLease? _startLease;
    private long _startedAt;

    public long Index { get; private set; }

    public bool IsStarted { get; private set; }

    public int Attempts { get; set; }

    /// <summary>The lease of the gate in the options; default if the options have no gate.</summary>
    public Lease Lease { get; set; }

    /// <summary>The lease of the start rate that the first attempt takes; null without one.</summary>
    public RateLimitLease? StartLease
    {
        set => Volatile.Write(ref _startLease, value);
    }

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

    /// <summary>The resource of the worker; null until the first item that needs one.</summary>
    public WorkerResource? Resource => Volatile.Read(ref _resource);

    /// <summary>Whether the operation of the item received the resource of the worker, which must be discarded if the
    /// operation fails.</summary>
    public bool IsResourceUsed { get; set; }

    /// <summary>The exception from discarding a resource that the operation failed with.</summary>
    public Exception? DisposeException { get; set; }

    public bool MustBeDisposed => Resource is not null || Watch is not null;

    /// <summary>The index as the public API reports it: indexes beyond the range of an int are reported as its
    /// maximum.</summary>
    public static int ShownIndex(long index) => (int)Math.Min(index, int.MaxValue);

    /// <summary>Returns the lease of the start rate, once. A pipeline may call the operation on several threads.</summary>
    public RateLimitLease? TakeStartLease() => Interlocked.Exchange(ref _startLease, null);

    /// <summary>Sets the resource if it is null. Many attempts of one item may call it.</summary>
    public void TrySetResource(WorkerResource resource) => Interlocked.CompareExchange(ref _resource, resource, null);

    /// <summary>Called when the worker exits.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await (Watch?.DisposeAsync() ?? default).NoContext();
        }
        finally
        {
            await (Resource?.CloseAsync() ?? default).NoContext();
        }
    }

    /// <summary>Resets the state for the next item, which may still have to wait for its start.</summary>
    public void Take(long index)
    {
        Index = index;
        Attempts = 0;
        Duration = TimeSpan.Zero;
        IsStarted = IsCounted = IsActive = IsEnded = IsResourceUsed = false;
        Span = null;
        DisposeException = null;
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
