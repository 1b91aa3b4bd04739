using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;
using Polly;

namespace AsyncKit;

/// <summary>Decorates the operation of an item with what the options say.</summary>
/// <remarks>
/// From the outside in: the gate, the start rate, the timeout over all attempts, the retries or a Polly pipeline, the
/// user-supplied operation. The item holds its slot and the permit of the gate from the first to the last of them. Each
/// attempt holds a lease of the start rate: the first one acquires it before the timeout starts, a later one just before
/// it calls the operation.
/// </remarks>
internal sealed class ItemPipeline<T, TResult>(
    FanOutRun<T, TResult> run, Operation<T, TResult> operation, FanOutOptions options, TimeProvider clock)
{
    private readonly RetryEngine? _retry = options.Retry?.Engine(clock);
    private readonly GateNesting? _nesting = options.Gate is { } gate ? new(gate) : null;

    /// <summary>The decorated operation; it has a result exactly if the user-supplied one has.</summary>
    public Operation<T, TResult> Decorated => operation.HasResult ? new(RunAsync) : new(RunWithoutResultAsync);

    /// <summary>Called when the run has completed all its items.</summary>
    public void End() => _nesting?.End();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunWithoutResultAsync(T item, ItemState state, CancellationToken token) =>
        _ = await RunAsync(item, state, token).NoContext();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> RunAsync(T item, ItemState state, CancellationToken token)
    {
        var takenAt = clock.GetTimestamp();
        state.Lease = default;
        if (options.Gate is { } gate)
        {
            _nesting!.EnterItem();
            state.Lease = await gate.AcquireAsync(token).NoContext();
        }

        try
        {
            if (options.StartRate is { } limiter)
            {
                state.StartLease = await RateLimits.AcquireAsync(limiter, clock, token).NoContext();
            }

            if (options.WaitsForStart)
            {
                run.OnItemWaited(clock.GetElapsedTime(takenAt));
            }

            run.OnItemStarting(item, state);
            var result = await LimitedAsync(item, state, token).NoContext();
            state.Lease.Report(GateSignal.Success);
            return result;
        }
        catch (Exception exception)
        {
            ReportFailure(state.Lease, exception);
            throw;
        }
        finally
        {
            state.TakeStartLease()?.Dispose(); // Only if no attempt took it.
            state.Lease.Dispose();
        }
    }

    /// <summary>Reports a throttled attempt to an adaptive gate. The first report of a lease counts, so a later
    /// success does not hide that the item was throttled.</summary>
    private void ReportFailure(Lease lease, Exception exception)
    {
        if (options.Gate is null || run.Token.IsCancellationRequested)
        {
            return;
        }

        CallerContext.RestoreFlow(run.Context); // The predicate must not see what the operation set.
        if (options.IsThrottled(exception))
        {
            lease.Report(GateSignal.Throttled);
        }
    }

    private ValueTask<TResult> LimitedAsync(T item, ItemState state, CancellationToken token) =>
        options.ItemTimeout is { } limit
            ? DeadlineEngine.RunAsync(
                static (call, token) => call.Pipeline.RetriedAsync(call.Item, call.State, token),
                (Pipeline: this, Item: item, State: state),
                new DeadlineContext(clock, limit, options.Name, Logger: options.Logger, Index: state.Index),
                token)
            : RetriedAsync(item, state, token);

    private ValueTask<TResult> RetriedAsync(T item, ItemState state, CancellationToken token) =>
        _retry is not null
            ? _retry.RunAsync(
                static (call, token) => call.Pipeline.CallAsync(call.Item, call.State, token),
                (Pipeline: this, Item: item, State: state),
                token)
            : options.Pipeline is { } pipeline
                ? PipedAsync(pipeline, item, state, token)
                : CallAsync(item, state, token);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> PipedAsync(
        ResiliencePipeline pipeline, T item, ItemState state, CancellationToken token)
    {
        var context = ResilienceContextPool.Shared.Get(
            continueOnCapturedContext: AsyncEnvironment.Controller is not null, token);
        try
        {
            return await pipeline.ExecuteAsync(
                static (context, call) => call.Pipeline.CallAsync(call.Item, call.State, context.CancellationToken),
                context,
                (Pipeline: this, Item: item, State: state)).NoContext();
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private ValueTask<TResult> CallAsync(T item, ItemState state, CancellationToken token)
    {
        var isRetry = ++state.Attempts > 1;
        if (isRetry)
        {
            run.OnItemRetried();
        }

        return options.StartRate is null
            ? ReportingCallAsync(item, state, token)
            : RatedCallAsync(item, state, isRetry, token);
    }

    /// <summary>Calls the operation under its own lease. The lease of an earlier attempt is disposed by then, so a
    /// <see cref="ConcurrencyLimiter"/> with one permit does not block a retry.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> RatedCallAsync(T item, ItemState state, bool isRetry, CancellationToken token)
    {
        using var lease = isRetry
            ? await RateLimits.AcquireAsync(options.StartRate!, clock, token).NoContext()
            : state.TakeStartLease();
        return await ReportingCallAsync(item, state, token).NoContext();
    }

    private ValueTask<TResult> ReportingCallAsync(T item, ItemState state, CancellationToken token)
    {
        return options is { Gate: not null, MayCallAgain: true }
            ? ReportedCallAsync(item, state, token)
            : InvokeAsync(item, state, token);
    }

    private ValueTask<TResult> InvokeAsync(T item, ItemState state, CancellationToken token) => operation.HasResult
        ? operation.InvokeAsync(item, state, token)
        : WithUnitAsync(operation.InvokeWithoutResultAsync(item, state, token));

    /// <summary>Calls the operation and reports a throttled attempt at once, before it is retried.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> ReportedCallAsync(T item, ItemState state, CancellationToken token)
    {
        try
        {
            return await InvokeAsync(item, state, token).NoContext();
        }
        catch (Exception exception)
        {
            ReportFailure(state.Lease, exception);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<TResult> WithUnitAsync(ValueTask task)
    {
        await task.NoContext();
        return default!; // TResult is Unit here.
    }
}
