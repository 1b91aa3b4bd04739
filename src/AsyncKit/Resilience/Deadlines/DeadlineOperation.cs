using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

#pragma warning disable VSTHRD002 // Results are read from completed tasks only.

namespace AsyncKit;

/// <summary>An operation under a limit: its token, the continuation of its task, and the task that the caller awaits.
/// One reusable object, where an async method around a token source would allocate several.</summary>
/// <typeparam name="TResult">The type of the result.</typeparam>
/// <remarks>
/// Lifetime: <see cref="Start"/> rents an instance. It returns to the pool in <see cref="TryComplete"/>, or when the
/// caller reads the result of the task from <c>AwaitAsync</c>.
/// <para>
/// Invariants:
/// (1) The use stops before the task completes. When the caller continues, neither its token nor the timer can reach
/// the operation any more, and all callbacks on the operation's token have returned.
/// (2) The instance is reused only after its result was read with the current version. A second await of the same task
/// has an outdated version and throws.
/// </para>
/// The caller continues inline on the thread that completes the operation, as with an async method.
/// </remarks>
internal sealed class DeadlineOperation<TResult> : DeadlineTokenSource, IValueTaskSource<TResult>, IValueTaskSource
{
    private const int MaxPooled = 128;

    private static readonly ConcurrentQueue<DeadlineOperation<TResult>> Pool = new();
    private static int _pooled;

    [ThreadStatic]
    private static DeadlineOperation<TResult>? _latest;

    private ManualResetValueTaskSourceCore<TResult> _promise;
    private ConfiguredValueTaskAwaitable<TResult>.ConfiguredValueTaskAwaiter _operation;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _operationWithoutResult;
    private Action? _onCompleted;
    private ExecutionContext? _executionContext;

    private DeadlineOperation(TimeProvider clock, bool isReusable)
        : base(clock, isReusable)
    {
    }

    /// <summary>Rents or creates an instance and starts its use.</summary>
    /// <param name="context">The clock, the limit and the name.</param>
    /// <param name="caller">The token of the caller.</param>
    /// <param name="isSingleUse">True if user code may keep the token longer than the operation takes. A reused token
    /// would be cancelled by a later, unrelated operation.</param>
    public static DeadlineOperation<TResult> Start(
        in DeadlineContext context, CancellationToken caller, bool isSingleUse = false)
    {
        var deadline = !isSingleUse && context.Clock == TimeProvider.System
            ? RentOrCreate()
            : new DeadlineOperation<TResult>(context.Clock, isReusable: false);
        try
        {
            deadline.StartUse(context, caller);
        }
        catch (Exception)
        {
            deadline.Abandon(); // The clock threw. No registration remains.
            throw;
        }

        return deadline;
    }

    /// <summary>Completes and returns the instance, unless it was cancelled. In that case call
    /// <see cref="CompleteAsync"/>.</summary>
    public bool TryComplete()
    {
        if (!TryStopUse())
        {
            return false;
        }

        Return();
        return true;
    }

    /// <summary>Completes the instance and returns what the token's callbacks threw, if it was cancelled.</summary>
    public ValueTask<Exception?> CompleteAsync() => TryComplete() ? default : StopUseAsync();

    /// <summary>Returns the task of the caller. It completes after <paramref name="operation"/>, with the timeout or
    /// the cancellation that stopped it.</summary>
    public ValueTask<TResult> AwaitAsync(ValueTask<TResult> operation)
    {
        var task = new ValueTask<TResult>(this, _promise.Version); // First: the instance may be reused after the next line.
        var awaiter = _operation = operation.NoContext().GetAwaiter();
        Await(awaiter, awaiter.IsCompleted);
        return task;
    }

    /// <inheritdoc cref="AwaitAsync(ValueTask{TResult})"/>
    public ValueTask AwaitAsync(ValueTask operation)
    {
        var task = new ValueTask(this, _promise.Version);
        var awaiter = _operationWithoutResult = operation.NoContext().GetAwaiter();
        Await(awaiter, awaiter.IsCompleted);
        return task;
    }

    public TResult GetResult(short token)
    {
        if (_promise.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The task is not completed. Await it, once.");
        }

        try
        {
            return _promise.GetResult(token);
        }
        finally
        {
            _promise.Reset();
            _executionContext = null;
            Return();
        }
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _promise.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    private static DeadlineOperation<TResult> RentOrCreate()
    {
        if (_latest is { } latest)
        {
            _latest = null;
            return latest;
        }

        if (Pool.TryDequeue(out var pooled))
        {
            Interlocked.Decrement(ref _pooled);
            return pooled;
        }

        return new DeadlineOperation<TResult>(TimeProvider.System, isReusable: true);
    }

    private void Return()
    {
        if (IsDisposed)
        {
            return;
        }

        if (_latest is null)
        {
            _latest = this;
        }
        else if (Interlocked.Increment(ref _pooled) <= MaxPooled)
        {
            Pool.Enqueue(this);
        }
        else
        {
            Interlocked.Decrement(ref _pooled);
            Dispose();
        }
    }

    private void Await<TAwaiter>(TAwaiter awaiter, bool isCompleted)
        where TAwaiter : struct, ICriticalNotifyCompletion
    {
        _executionContext = CallsUserCode ? ExecutionContext.Capture() : null;
        if (isCompleted)
        {
            OnOperationCompleted();
        }
        else
        {
            awaiter.UnsafeOnCompleted(_onCompleted ??= OnOperationCompleted); // From here on the instance may be reused.
        }
    }

    private void OnOperationCompleted()
    {
        TResult result;
        try
        {
            _operationWithoutResult.GetResult(); // Only one of the two is set. The other one is a completed default.
            result = _operation.GetResult();
        }
        catch (Exception exception)
        {
            Finish(default!, exception);
            return;
        }

        if (TryStopUse())
        {
            ClearAwaiters();
            _promise.SetResult(result);
        }
        else
        {
            Finish(result, null);
        }
    }

    /// <summary>Finishes in the ExecutionContext of the call, because user code may run: the logger or the
    /// clock.</summary>
    private void Finish(TResult result, Exception? thrown)
    {
        ClearAwaiters();
        if (_executionContext is not { } executionContext)
        {
            _ = FinishAsync(result, thrown);
            return;
        }

        ExecutionContext.Run(
            executionContext,
            static state =>
            {
                var (deadline, result, thrown) = ((DeadlineOperation<TResult>, TResult, Exception?))state!;
                _ = deadline.FinishAsync(result, thrown);
            },
            (this, result, thrown));
    }

    private async Task FinishAsync(TResult result, Exception? thrown)
    {
        try
        {
            var context = Context;
            var translated = thrown is null ? null : Translate(thrown); // Must be first: stopping clears the caller.
            if (thrown is null)
            {
                AddLimitTo(result);
            }

            var callbackFailure = await StopUseAsync().NoContext();
            if (translated is null)
            {
                DeadlineEngine.LogCallbackFailure(callbackFailure, context);
            }
            else
            {
                thrown = DeadlineEngine.WithCallbackFailure(translated, callbackFailure, context);
            }
        }
        catch (Exception exception)
        {
            thrown = exception; // A user-defined exception class threw while it was translated.
        }

        if (thrown is null)
        {
            _promise.SetResult(result);
        }
        else
        {
            _promise.SetException(thrown);
        }
    }

    private void ClearAwaiters() => (_operation, _operationWithoutResult) = (default, default);
}
