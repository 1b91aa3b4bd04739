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

        return terms.Grace is null
            ? AwaitAsync(operation, state, scope: null, terms, cancellationToken)
            : AwaitOrAbandonAsync(operation, state, terms, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<TResult> AwaitAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineScope? scope,
        DeadlineTerms terms,
        CancellationToken cancellationToken)
    {
        scope ??= DeadlineScope.Begin(terms.Clock, terms.Limit, cancellationToken);
        TResult result;
        try
        {
            result = await operation(state, scope.Token).Cfg();
        }
        catch (Exception exception)
        {
            var translated = scope.Translate(exception, terms); // Before the end: then it is somebody else's.
            var ofCallbacks = await scope.EndAsync().Cfg();
            if (translated is null)
            {
                Tell(ofCallbacks, terms);
                throw;
            }

            throw WithFailure(translated, ofCallbacks, terms);
        }

        var ending = scope.EndAsync();
        Tell(ending.IsCompletedSuccessfully ? ending.Completed() : await ending.Cfg(), terms);
        return result;
    }

    private static async ValueTask<TResult> AwaitOrAbandonAsync<TState, TResult>(
        Func<TState, CancellationToken, ValueTask<TResult>> operation,
        TState state,
        DeadlineTerms terms,
        CancellationToken cancellationToken)
    {
        var scope = DeadlineScope.Begin(terms.Clock, terms.Limit, cancellationToken);
        var task = StartAsync(operation, state, scope.Token);
        if (!task.IsCompleted)
        {
            using var grace = new GracePeriod(terms.Clock, terms.Grace!.Value, scope.Token);
            await Task.WhenAny(task, grace.Over).Cfg();
            if (!task.IsCompleted)
            {
                Orphan.Leave(task, terms);
                scope.Forget();
                var given = new OperationCanceledException(
                    $"{terms.Subject} did not end within its grace period and was abandoned.", scope.Token);
                throw scope.Translate(given, terms)!;
            }
        }

        return await AwaitAsync(
            static (task, _) => new ValueTask<TResult>(task), task, scope, terms, cancellationToken).Cfg();
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
        if (terms.Logger is { } logger && Cancellation.FailureOf(ofCallbacks) is { } failure)
        {
            Log.CallbackFailed(logger, terms.Subject, failure);
        }
    }
}
