using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;
using Polly;

namespace AsyncKit;

/// <summary>
/// An item's operation with what the options put around it, from the outside in: the shared gate, the wait for
/// its start, the limit over all
/// attempts, the retries or a Polly pipeline, the user's operation. The slot is held from the beginning to the end.
/// </summary>
internal sealed class ItemPipeline<T, TResult>(
    FanOutRun<T, TResult> run, Operation<T, TResult> operation, FanOutOptions options, TimeProvider clock)
{
    private static readonly TimeSpan PauseWithoutHint = TimeSpan.FromMilliseconds(50);

    private readonly RetryEngine? _retry = options.Retry?.Engine(clock);

    /// <summary>Has a result exactly when the user's has.</summary>
    public Operation<T, TResult> Decorated => operation.HasResult ? new(RunAsync) : new(RunWithoutResultAsync);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunWithoutResultAsync(T item, ItemState slot, CancellationToken token) =>
        _ = await RunAsync(item, slot, token).NoContext();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> RunAsync(T item, ItemState slot, CancellationToken token)
    {
        var takenAt = clock.GetTimestamp();
        slot.Permit = options.Gate is { } gate ? await SharedGate.EnterAsync(gate, token).NoContext() : default;
        try
        {
            using var lease = options.StartRate is { } limiter ? await LeaseAsync(limiter, token).NoContext() : null;
            if (options.WaitsForStart)
            {
                run.OnItemWaited(clock.GetElapsedTime(takenAt));
            }

            run.OnItemStarting(item, slot);
            var result = await LimitedAsync(item, slot, token).NoContext();
            slot.Permit.Report(GateSignal.Success);
            return result;
        }
        catch (Exception exception)
        {
            ReportFailure(slot.Permit, exception);
            throw;
        }
        finally
        {
            slot.Permit.Dispose();
        }
    }

    /// <summary>The first report of a permit counts, so a retry that succeeds does not take back that it was
    /// needed.</summary>
    private void ReportFailure(Lease permit, Exception exception)
    {
        if (options.Gate is not null && !run.Token.IsCancellationRequested && options.IsThrottled(exception))
        {
            permit.Report(GateSignal.Throttled);
        }
    }

    /// <summary>What a limiter refuses is asked for again when it says, never an error.</summary>
    private async ValueTask<RateLimitLease> LeaseAsync(RateLimiter limiter, CancellationToken token)
    {
        while (true)
        {
            var lease = await limiter.AcquireAsync(permitCount: 1, token).NoContext();
            if (lease.IsAcquired)
            {
                return lease;
            }

            var pause = lease.TryGetMetadata(MetadataName.RetryAfter, out var hint) && hint > TimeSpan.Zero
                ? hint
                : PauseWithoutHint;
            lease.Dispose();
            await Task.Delay(pause < Guards.MaxTimeout ? pause : Guards.MaxTimeout, clock, token).NoContext();
        }
    }

    private ValueTask<TResult> LimitedAsync(T item, ItemState slot, CancellationToken token) =>
        options.ItemTimeout is { } limit
            ? DeadlineEngine.RunAsync(
                static (call, token) => call.Runner.RetriedAsync(call.Item, call.Slot, token),
                (Runner: this, Item: item, Slot: slot),
                new DeadlineContext(clock, limit, options.Name, Logger: options.Logger, Index: slot.Index),
                token)
            : RetriedAsync(item, slot, token);

    private ValueTask<TResult> RetriedAsync(T item, ItemState slot, CancellationToken token) =>
        _retry is not null
            ? _retry.RunAsync(
                static (call, token) => call.Runner.CallAsync(call.Item, call.Slot, token),
                (Runner: this, Item: item, Slot: slot),
                token)
            : options.Pipeline is { } pipeline
                ? PipedAsync(pipeline, item, slot, token)
                : CallAsync(item, slot, token);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> PipedAsync(
        ResiliencePipeline pipeline, T item, ItemState slot, CancellationToken token)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: AsyncEnvironment.Controller is not null, token);
        try
        {
            return await pipeline.ExecuteAsync(
                static (context, call) => call.Runner.CallAsync(call.Item, call.Slot, context.CancellationToken),
                context,
                (Runner: this, Item: item, Slot: slot)).NoContext();
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private ValueTask<TResult> CallAsync(T item, ItemState slot, CancellationToken token)
    {
        if (++slot.Attempts > 1)
        {
            run.OnItemRetried();
        }

        return options is { Gate: not null, IsTriedAgain: true }
            ? ReportedCallAsync(item, slot, token)
            : InvokeAsync(item, slot, token);
    }

    private ValueTask<TResult> InvokeAsync(T item, ItemState slot, CancellationToken token) => operation.HasResult
        ? operation.InvokeAsync(item, slot, token)
        : WithUnitAsync(operation.InvokeWithoutResultAsync(item, slot, token));

    /// <summary>At once, and not when the retries are over.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> ReportedCallAsync(T item, ItemState slot, CancellationToken token)
    {
        try
        {
            return await InvokeAsync(item, slot, token).NoContext();
        }
        catch (Exception exception)
        {
            ReportFailure(slot.Permit, exception);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<TResult> WithUnitAsync(ValueTask task)
    {
        await task.NoContext();
        return default!; // Nothing, here.
    }
}
