namespace AsyncKit;

/// <summary>An operation that gets what its worker has opened.</summary>
internal sealed class WorkerOperation<T, TWorker, TResult>(
    Func<CancellationToken, ValueTask<TWorker>> open,
    Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation)
{
    public ValueTask<TResult> RunAsync(T item, ItemState slot, CancellationToken cancellationToken) => slot.HasResource
        ? operation((TWorker)slot.Resource!, item, cancellationToken)
        : OpenAndRunAsync(item, slot, cancellationToken);

    private async ValueTask<TResult> OpenAndRunAsync(T item, ItemState slot, CancellationToken cancellationToken)
    {
        slot.Keep(await open(cancellationToken).NoContext());
        return await operation((TWorker)slot.Resource!, item, cancellationToken).NoContext();
    }
}
