namespace AsyncKit;

/// <summary>The resource of a worker, in a type that does not depend on the resource.</summary>
internal abstract class WorkerResource
{
    /// <summary>The key in <see cref="Exception.Data"/> of a failed operation for the exception from disposing the
    /// resource that it failed with.</summary>
    public const string DisposeExceptionKey = "AsyncKit.DisposeException";

    /// <summary>Disposes the resource after the operation failed with it. Never throws.</summary>
    /// <param name="cause">The exception of the operation, which carries an exception from disposing.</param>
    /// <param name="state">The state of the item.</param>
    public abstract ValueTask DiscardAsync(Exception cause, ItemState state);

    /// <summary>Disposes the resource when the worker exits. Throws what disposing throws.</summary>
    public abstract ValueTask CloseAsync();

    /// <summary>Disposes a resource that an operation failed with. Never throws.</summary>
    protected static async ValueTask DisposeFailedAsync(object? resource, Exception cause, ItemState state)
    {
        try
        {
            await Disposal.DisposeAsync(resource).NoContext();
        }
        catch (Exception exception)
        {
            state.DisposeException = exception;
            try
            {
                cause.Data[DisposeExceptionKey] = exception;
            }
            catch (Exception)
            {
                // Data is virtual: an exception class that rejects the entry must not replace its own report.
            }
        }
    }
}

/// <summary>The resource of a worker: opened for an item, kept for the next ones, and disposed after a failure or when
/// the worker exits.</summary>
/// <remarks>
/// Lifetime: one for each worker, from its first item until it exits.
/// <para>
/// Invariants:
/// (1) An open resource has one owner: this object, or the attempt that took it. The owner disposes it.
/// (2) A resource that an operation failed with is never kept again.
/// (3) After <see cref="CloseAsync"/> nothing is kept: an attempt that ends later disposes what it took.
/// </para>
/// </remarks>
internal sealed class WorkerResource<TWorker> : WorkerResource
{
    private static readonly Opened Closed = new(default!);

    private Opened? _kept;

    private WorkerResource()
    {
    }

    /// <summary>Returns the resource of the worker that the state belongs to.</summary>
    public static WorkerResource<TWorker> Of(ItemState state)
    {
        if (state.Resource is null)
        {
            state.TrySetResource(new WorkerResource<TWorker>()); // A pipeline may make its first attempts at once.
        }

        return (WorkerResource<TWorker>)state.Resource!;
    }

    /// <summary>Opens a resource in an async method, so that the caller does not see an AsyncLocal that the opener
    /// set.</summary>
    public static async ValueTask<Opened> OpenAsync(
        Func<CancellationToken, ValueTask<TWorker>> open, CancellationToken token) =>
        new(await open(token).NoContext());

    /// <summary>Returns the kept resource without taking it; null if none is kept. For a worker that makes one attempt
    /// for each item.</summary>
    public Opened? Peek() => _kept;

    /// <summary>Takes the kept resource; null if none is kept.</summary>
    public Opened? TryTake()
    {
        var kept = Volatile.Read(ref _kept);
        return kept is not null && kept != Closed && Interlocked.CompareExchange(ref _kept, null, kept) == kept
            ? kept
            : null;
    }

    /// <summary>Keeps a resource for the next attempt; disposes it if another one is kept or the worker
    /// exited.</summary>
    public ValueTask KeepOrDisposeAsync(Opened opened) => Interlocked.CompareExchange(ref _kept, opened, null) is null
        ? default
        : Disposal.DisposeAsync(opened.Value);

    public override ValueTask DiscardAsync(Exception cause, ItemState state) =>
        TryTake() is { } opened ? DiscardAsync(opened, cause, state) : default;

    /// <inheritdoc cref="DiscardAsync(Exception, ItemState)"/>
    public static ValueTask DiscardAsync(Opened opened, Exception cause, ItemState state) =>
        DisposeFailedAsync(opened.Value, cause, state);

    public override ValueTask CloseAsync() => Interlocked.Exchange(ref _kept, Closed) is { } opened
        ? Disposal.DisposeAsync(opened.Value)
        : default;

    /// <summary>An open resource, which may be null.</summary>
    internal sealed class Opened(TWorker value)
    {
        public TWorker Value { get; } = value;
    }
}
