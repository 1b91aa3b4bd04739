using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Creates operations that receive the resource of their worker.</summary>
/// <remarks>
/// With one attempt for each item, the resource stays with the worker during the operation, and the worker discards it
/// after a failure. So an item costs no more than the call. With retries or a pipeline, each attempt takes the resource
/// and keeps it after a success. So an attempt that fails discards it before the next one starts, and attempts that run
/// at the same time never share one.
/// </remarks>
internal static class WorkerOperation
{
    public static Operation<T, TResult> Create<T, TWorker, TResult>(
        Func<CancellationToken, ValueTask<TWorker>> open,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        bool mayCallAgain)
    {
        return mayCallAgain
            ? new((item, state, token) => AttemptAsync(open, operation, item, state, token))
            : new(RunAsync);

        ValueTask<TResult> RunAsync(T item, ItemState state, CancellationToken token)
        {
            var resource = WorkerResource<TWorker>.Of(state);
            if (resource.Peek() is not { } opened)
            {
                return OpenAndRunAsync(resource, item, state, token);
            }

            state.IsResourceUsed = true;
            return operation(opened.Value, item, token);
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        async ValueTask<TResult> OpenAndRunAsync(
            WorkerResource<TWorker> resource, T item, ItemState state, CancellationToken token)
        {
            var opened = await OpenAndKeepAsync(resource, open, token).NoContext();
            state.IsResourceUsed = true;
            return await operation(opened.Value, item, token).NoContext();
        }
    }

    public static Operation<T, Unit> Create<T, TWorker>(
        Func<CancellationToken, ValueTask<TWorker>> open,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        bool mayCallAgain)
    {
        return mayCallAgain
            ? new((T item, ItemState state, CancellationToken token) =>
                DelegateAdapters.WithoutUnitAsync(AttemptAsync(open, CallAsync, item, state, token)))
            : new(RunAsync);

        ValueTask<Unit> CallAsync(TWorker worker, T item, CancellationToken token) =>
            DelegateAdapters.WithUnitAsync(operation(worker, item, token));

        ValueTask RunAsync(T item, ItemState state, CancellationToken token)
        {
            var resource = WorkerResource<TWorker>.Of(state);
            if (resource.Peek() is not { } opened)
            {
                return OpenAndRunAsync(resource, item, state, token);
            }

            state.IsResourceUsed = true;
            return operation(opened.Value, item, token);
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        async ValueTask OpenAndRunAsync(
            WorkerResource<TWorker> resource, T item, ItemState state, CancellationToken token)
        {
            var opened = await OpenAndKeepAsync(resource, open, token).NoContext();
            state.IsResourceUsed = true;
            await operation(opened.Value, item, token).NoContext();
        }
    }

    private static async ValueTask<WorkerResource<TWorker>.Opened> OpenAndKeepAsync<TWorker>(
        WorkerResource<TWorker> resource, Func<CancellationToken, ValueTask<TWorker>> open, CancellationToken token)
    {
        var opened = await WorkerResource<TWorker>.OpenAsync(open, token).NoContext();
        await resource.KeepOrDisposeAsync(opened).NoContext(); // Must be first: what was opened is disposed.
        token.ThrowIfCancellationRequested(); // The opener may have ignored its token.
        return opened;
    }

    /// <summary>Runs one attempt with a resource that no other attempt uses.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<TResult> AttemptAsync<T, TWorker, TResult>(
        Func<CancellationToken, ValueTask<TWorker>> open,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        T item,
        ItemState state,
        CancellationToken token)
    {
        var resource = WorkerResource<TWorker>.Of(state);
        var context = ExecutionContext.Capture();
        var opened = resource.TryTake();
        if (opened is null)
        {
            opened = await WorkerResource<TWorker>.OpenAsync(open, token).NoContext();
            if (token.IsCancellationRequested) // The opener may have ignored its token.
            {
                await resource.KeepOrDisposeAsync(opened).NoContext();
                token.ThrowIfCancellationRequested();
            }
        }

        TResult result;
        try
        {
            result = await operation(opened.Value, item, token).NoContext();
        }
        catch (Exception exception)
        {
            if (context is not null)
            {
                ExecutionContext.Restore(context); // Disposing must not see an AsyncLocal that the operation set.
            }

            await WorkerResource<TWorker>.DiscardAsync(opened, exception, state).NoContext();
            throw;
        }

        await resource.KeepOrDisposeAsync(opened).NoContext();
        return result;
    }
}
