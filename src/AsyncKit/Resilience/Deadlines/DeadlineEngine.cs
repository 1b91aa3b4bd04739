using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Runs operations under a limit.</summary>
internal static class DeadlineEngine
{
    public static ValueTask<TResult> RunAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        in DeadlineContext context,
        CancellationToken cancellationToken)
    {
        if (context.Grace is not null)
        {
            return RunOrAbandonAsync(operation, state, context, cancellationToken);
        }

        if (TryStart<TResult>(context, cancellationToken, out var deadline) is { } refused)
        {
            return new(refused);
        }

        ValueTask<TResult> task;
        try
        {
            task = operation(state, deadline.Token);
        }
        catch (Exception exception)
        {
            task = ValueTask.FromException<TResult>(exception);
        }

        if (!task.IsCompletedSuccessfully)
        {
            return deadline.AwaitAsync(task);
        }

        var result = task.Completed();
        return deadline.TryComplete() ? new(result) : deadline.AwaitAsync(new ValueTask<TResult>(result));
    }

    /// <summary>The same without a result. Separate, because an adapter would cost a state machine for each
    /// call.</summary>
    public static ValueTask RunAsync<TState>(
        Func<TState, CancellationToken, ValueTask> operation,
        TState state,
        in DeadlineContext context,
        CancellationToken cancellationToken)
    {
        if (context.Grace is not null)
        {
            return DelegateAdapters.WithoutUnitAsync(RunOrAbandonAsync(
                static (call, token) => DelegateAdapters.WithUnitAsync(call.Operation(call.State, token)),
                (Operation: operation, State: state),
                context,
                cancellationToken));
        }

        if (TryStart<Unit>(context, cancellationToken, out var deadline) is { } refused)
        {
            return new((Task)refused);
        }

        ValueTask task;
        try
        {
            task = operation(state, deadline.Token);
        }
        catch (Exception exception)
        {
            task = ValueTask.FromException(exception);
        }

        if (!task.IsCompletedSuccessfully)
        {
            return deadline.AwaitAsync(task);
        }

        task.Completed();
        return deadline.TryComplete() ? default : deadline.AwaitAsync(default(ValueTask));
    }

    /// <summary>Runs the operation, even if the limit is zero, and returns its outcome instead of throwing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<DeadlineOutcome<TResult>> TryRunAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineContext context,
        CancellationToken cancellationToken,
        bool isSingleUse = false)
    {
        DeadlineOperation<TResult>? deadline = null;
        TResult result;
        try
        {
            deadline = DeadlineOperation<TResult>.Start(context, cancellationToken, isSingleUse);
            if (context.Limit == TimeSpan.Zero)
            {
                deadline.Cancel(deadline.State, DeadlineTokenSource.LimitFirst);
            }

            result = await operation(state, deadline.Token).NoContext();
            deadline.AddLimitTo(result);
        }
        catch (Exception exception) when (deadline is not null)
        {
            Exception? translated;
            try
            {
                translated = deadline.Translate(exception);
            }
            catch (Exception thrown)
            {
                translated = thrown; // A user-defined exception class may throw from Message.
            }

            var isTimeout = translated is TimeoutException && ReferenceEquals(translated.InnerException, exception);
            var failure = await deadline.CompleteAsync().NoContext();
            return new(default!, WithCallbackFailure(translated ?? exception, failure, context), isTimeout, failure);
        }
        catch (Exception exception)
        {
            return new(default!, exception); // The clock threw it.
        }

        var callbackFailure = await deadline.CompleteAsync().NoContext();
        LogCallbackFailure(callbackFailure, context);
        return new(result, null, CallbackFailure: callbackFailure);
    }

    /// <summary>Adds a failure of the token's callbacks to a cancellation. Any other exception cannot carry it, so it
    /// is logged.</summary>
    public static Exception WithCallbackFailure(
        Exception exception, Exception? callbackFailure, in DeadlineContext context)
    {
        if (exception is OperationCanceledException cancelled and not CanceledWithFailureException
            && Cancellation.FailureOf(callbackFailure) is { } failure)
        {
            return new CanceledWithFailureException(failure, cancelled.CancellationToken, cancelled.Message);
        }

        LogCallbackFailure(callbackFailure, context);
        return exception;
    }

    public static void LogCallbackFailure(Exception? callbackFailure, in DeadlineContext context)
    {
        if (context.Logger is not { } logger || Cancellation.FailureOf(callbackFailure) is not { } failure)
        {
            return;
        }

        try
        {
            Log.CallbackFailed(logger, context.Subject, failure);
        }
        catch (Exception)
        {
            // A logger that throws must not replace the outcome of the operation.
        }
    }

    /// <summary>Counts a task that keeps running after its caller stopped waiting, observes its exception, and logs
    /// when it completes. Never throws.</summary>
    public static async Task AbandonAsync(Task task, DeadlineContext context)
    {
        Exception? thrown = null;
        var abandonedAt = 0L;
        try
        {
            abandonedAt = context.Clock.GetTimestamp();
            ResilienceTelemetry.Abandoned.Add(1);
        }
        catch (Exception)
        {
            // A listener or a clock that throws must not replace the timeout.
        }

        try
        {
            await task.NoContext();
        }
        catch (Exception exception)
        {
            thrown = exception;
        }

        try
        {
            if (context.Logger is { } logger)
            {
                Log.Abandoned(logger, context.Subject, context.Clock.GetElapsedTime(abandonedAt), thrown);
            }
        }
        catch (Exception)
        {
            // No caller is left that could receive it.
        }
    }

    /// <summary>Returns null after starting a deadline; otherwise the task to return instead of calling the
    /// operation.</summary>
    private static Task<TResult>? TryStart<TResult>(
        in DeadlineContext context, CancellationToken cancellationToken, out DeadlineOperation<TResult> deadline)
    {
        Task<TResult>? refused = null;
        deadline = null!;
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        try
        {
            if (context.Limit == TimeSpan.Zero)
            {
                return Task.FromException<TResult>(context.TimedOut());
            }

            deadline = DeadlineOperation<TResult>.Start(context, cancellationToken);
        }
        catch (Exception exception)
        {
            refused = Task.FromException<TResult>(exception); // The clock threw it.
        }

        return refused;
    }

    private static async ValueTask<TResult> RunOrAbandonAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineContext context,
        CancellationToken cancellationToken)
    {
        if (TryStart<TResult>(context, cancellationToken, out var deadline) is { } refused)
        {
            return await refused.NoContext();
        }

        var task = StartAsync();
        if (!await CompletesInTimeAsync(task, context, deadline.Token).NoContext())
        {
            _ = AbandonAsync(task, context);
            deadline.Abandon();
            _ = LogLaterAsync();
            throw deadline.Translate(new OperationCanceledException(
                $"{context.Subject} did not complete within its grace period and was abandoned.", deadline.Token))!;
        }

        return await deadline.AwaitAsync(new ValueTask<TResult>(task)).NoContext();

        // An exception before the first await of the operation is in the task, too.
        async Task<TResult> StartAsync() => await operation(state, deadline.Token).NoContext();

        async Task LogLaterAsync() => LogCallbackFailure(await deadline.WhenCancelledAsync().NoContext(), context);
    }

    /// <summary>Waits for the operation. After its token is cancelled, waits for the grace period at most.</summary>
    private static async Task<bool> CompletesInTimeAsync(Task task, DeadlineContext context, CancellationToken token)
    {
        try
        {
            await task.WaitAsync(token).NoContext();
        }
        catch (Exception) when (task.IsCompleted)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            try
            {
                var grace = Guards.ForTimer(context.Grace!.Value); // Without the token, which is cancelled already.
                await task.WaitAsync(grace, context.Clock, CancellationToken.None).NoContext();
            }
            catch (TimeoutException) when (!task.IsCompleted)
            {
                if (AsyncEnvironment.Controller is null)
                {
                    await AsyncEnvironment.ToPool(); // The caller must not continue inside the timer callback.
                }

                return task.IsCompleted;
            }
            catch (Exception)
            {
                // The operation threw it, or the clock: without a timer the grace period does not end.
            }
        }

        return true;
    }
}
