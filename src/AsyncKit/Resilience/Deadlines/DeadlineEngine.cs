namespace AsyncKit;

/// <summary>Runs an operation under a limit: the one engine of deadlines.</summary>
internal static class DeadlineEngine
{
    public static ValueTask<TResult> RunAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        in DeadlineContext terms,
        CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        if (terms.Limit == TimeSpan.Zero)
        {
            return ValueTask.FromException<TResult>(terms.TimedOut(terms.Limit, TimeSpan.Zero, null));
        }

        if (terms.Grace is not null)
        {
            return AwaitOrAbandonAsync(operation, state, terms, cancellationToken);
        }

        DeadlineOperation<TResult> call;
        try
        {
            call = DeadlineOperation<TResult>.Begin(terms, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<TResult>(exception); // Of the clock.
        }

        ValueTask<TResult> task;
        try
        {
            task = operation(state, call.Token);
        }
        catch (Exception exception)
        {
            task = ValueTask.FromException<TResult>(exception);
        }

        if (!task.IsCompletedSuccessfully)
        {
            return call.WhenEndedAsync(task);
        }

        var result = task.Completed();
        return call.TryEnd() ? new ValueTask<TResult>(result) : call.WhenEndedAsync(new ValueTask<TResult>(result));
    }

    /// <summary>The same of an operation without a result.</summary>
    public static ValueTask RunAsync<TState>(
        Func<TState, CancellationToken, ValueTask> operation,
        TState state,
        in DeadlineContext terms,
        CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (terms.Limit == TimeSpan.Zero)
        {
            return ValueTask.FromException(terms.TimedOut(terms.Limit, TimeSpan.Zero, null));
        }

        if (terms.Grace is not null)
        {
            return DelegateAdapters.WithoutUnitAsync(AwaitOrAbandonAsync(
                static (call, token) => DelegateAdapters.WithUnitAsync(call.Operation(call.State, token)),
                (Operation: operation, State: state),
                terms,
                cancellationToken));
        }

        DeadlineOperation<Unit> call;
        try
        {
            call = DeadlineOperation<Unit>.Begin(terms, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException(exception); // Of the clock.
        }

        ValueTask task;
        try
        {
            task = operation(state, call.Token);
        }
        catch (Exception exception)
        {
            task = ValueTask.FromException(exception);
        }

        if (!task.IsCompletedSuccessfully)
        {
            return call.WhenEndedAsync(task);
        }

        task.Completed();
        return call.TryEnd() ? default : call.WhenEndedAsync(default(ValueTask));
    }

    private static async ValueTask<TResult> AwaitOrAbandonAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineContext terms,
        CancellationToken cancellationToken)
    {
        var call = DeadlineOperation<TResult>.Begin(terms, cancellationToken);
        var task = StartAsync(operation, state, call.Token);
        if (!task.IsCompleted)
        {
            using var grace = new GracePeriod(terms.Clock, terms.Grace!.Value, call.Token);
            await Task.WhenAny(task, grace.Over).NoContext();
            if (!task.IsCompleted)
            {
                AbandonedTask.Observe(task, terms);
                call.Forget();
                _ = TellLaterAsync(call, terms);
                var given = new OperationCanceledException(
                    $"{terms.Subject} did not end within its grace period and was abandoned.", call.Token);
                throw call.Translate(given)!;
            }
        }

        return await call.WhenEndedAsync(new ValueTask<TResult>(task)).NoContext();
    }

    /// <summary>Also what it throws before its first await is in the task.</summary>
    private static async Task<TResult> StartAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken token) =>
        await operation(state, token).NoContext();

    /// <summary>A cancellation takes what callbacks on the token have thrown along; a timeout has no place for it.</summary>
    public static Exception WithFailure(Exception translated, Exception? ofCallbacks, in DeadlineContext terms)
    {
        if (translated is OperationCanceledException cancelled and not CanceledWithFailureException
            && Cancellation.FailureOf(ofCallbacks) is { } failure)
        {
            return new CanceledWithFailureException(failure, cancelled.CancellationToken, cancelled.Message);
        }

        Report(ofCallbacks, terms);
        return translated;
    }

    /// <summary>The operation has an end of its own to tell, so what callbacks on its token have thrown is logged.</summary>
    public static void Report(Exception? ofCallbacks, in DeadlineContext terms)
    {
        if (terms.Logger is not { } logger || Cancellation.FailureOf(ofCallbacks) is not { } failure)
        {
            return;
        }

        try
        {
            Log.CallbackFailed(logger, terms.Subject, failure);
        }
        catch (Exception)
        {
            // A logger that throws must not take the place of what the operation has to tell.
        }
    }

    /// <summary>Observes them, too.</summary>
    private static async Task TellLaterAsync(DeadlineTokenSource scope, DeadlineContext terms) =>
        Report(await scope.WhenCancelledAsync().NoContext(), terms);
}
