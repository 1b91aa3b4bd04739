using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Runs an operation under a limit: the one engine of deadlines.</summary>
internal static class DeadlineRun
{
    public static ValueTask<TResult> RunAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        in DeadlineTerms terms,
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

        DeadlineScope scope;
        try
        {
            scope = DeadlineScope.Begin(terms, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<TResult>(exception); // Of the clock.
        }

        ValueTask<TResult> task;
        try
        {
            task = operation(state, scope.Token);
        }
        catch (Exception exception)
        {
            task = ValueTask.FromException<TResult>(exception);
        }

        if (!task.IsCompletedSuccessfully)
        {
            return AwaitAsync(task, scope);
        }

        var result = task.Completed();
        return scope.TryEnd() ? new ValueTask<TResult>(result) : AwaitAsync(new ValueTask<TResult>(result), scope);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<TResult> AwaitAsync<TResult>(ValueTask<TResult> task, DeadlineScope scope)
    {
        TResult result;
        try
        {
            result = await task.Cfg();
        }
        catch (Exception exception)
        {
            var terms = scope.Terms;
            var translated = scope.Translate(exception); // Before the end: then it is somebody else's.
            var ofCallbacks = await scope.EndAsync().Cfg();
            if (translated is null)
            {
                Tell(ofCallbacks, terms);
                throw;
            }

            throw WithFailure(translated, ofCallbacks, terms);
        }

        if (!scope.TryEnd())
        {
            var terms = scope.Terms;
            Tell(await scope.EndAsync().Cfg(), terms);
        }

        return result;
    }

    private static async ValueTask<TResult> AwaitOrAbandonAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineTerms terms,
        CancellationToken cancellationToken)
    {
        var scope = DeadlineScope.Begin(terms, cancellationToken);
        var task = StartAsync(operation, state, scope.Token);
        if (!task.IsCompleted)
        {
            using var grace = new GracePeriod(terms.Clock, terms.Grace!.Value, scope.Token);
            await Task.WhenAny(task, grace.Over).Cfg();
            if (!task.IsCompleted)
            {
                Orphan.Leave(task, terms);
                scope.Forget();
                _ = TellLaterAsync(scope, terms);
                var given = new OperationCanceledException(
                    $"{terms.Subject} did not end within its grace period and was abandoned.", scope.Token);
                throw scope.Translate(given)!;
            }
        }

        return await AwaitAsync(new ValueTask<TResult>(task), scope).Cfg();
    }

    /// <summary>Also what it throws before its first await is in the task.</summary>
    private static async Task<TResult> StartAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation, TState state, CancellationToken token) =>
        await operation(state, token).Cfg();

    /// <summary>A cancellation takes what callbacks on the token have thrown along; a timeout has no place for it.</summary>
    public static Exception WithFailure(Exception translated, Exception? ofCallbacks, in DeadlineTerms terms)
    {
        if (translated is OperationCanceledException cancelled and not CanceledWithFailureException
            && Cancellation.FailureOf(ofCallbacks) is { } failure)
        {
            return new CanceledWithFailureException(failure, cancelled.CancellationToken, cancelled.Message);
        }

        Tell(ofCallbacks, terms);
        return translated;
    }

    /// <summary>The operation has an end of its own to tell, so what callbacks on its token have thrown is logged.</summary>
    public static void Tell(Exception? ofCallbacks, in DeadlineTerms terms)
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
    private static async Task TellLaterAsync(DeadlineScope scope, DeadlineTerms terms) =>
        Tell(await scope.WhenCancelledAsync().Cfg(), terms);
}
