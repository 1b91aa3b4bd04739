using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

#pragma warning disable VSTHRD002 // Only of what has completed.

namespace AsyncKit;

/// <summary>
/// An operation under a limit: its scope, what continues when it has ended, and the promise of how. One object instead of
/// an async method around a scope, used again for other operations with the same type of result.
/// </summary>
/// <typeparam name="TResult">The result.</typeparam>
/// <remarks>
/// Invariants:
/// (1) The use ends before the promise is kept: when the awaiting code goes on, neither the caller nor the timer can reach
/// the operation any more, and all callbacks on its token have ended.
/// (2) It is used again only after its result was taken, with the promise's current version: a second await of the same
/// task finds another version, and throws.
/// Continues inline like an async method, on the thread on which the operation has ended.
/// </remarks>
internal sealed class DeadlineOperation<TResult> : DeadlineTokenSource, IValueTaskSource<TResult>, IValueTaskSource
{
    private const int MostPooled = 128;

    private static readonly ConcurrentQueue<DeadlineOperation<TResult>> Pool = new();
    private static int _pooled;

    [ThreadStatic]
    private static DeadlineOperation<TResult>? _latest;

    private ManualResetValueTaskSourceCore<TResult> _promise;
    private ConfiguredValueTaskAwaitable<TResult>.ConfiguredValueTaskAwaiter _operation;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _operationWithoutResult;
    private Action? _onEnded;
    private Action? _onEndedWithoutResult;
    private ExecutionContext? _context;

    private DeadlineOperation(TimeProvider clock)
        : base(clock)
    {
    }

    public static DeadlineOperation<TResult> Begin(in DeadlineContext terms, CancellationToken caller)
    {
        var call = terms.Clock == TimeProvider.System ? RentOrCreate() : new DeadlineOperation<TResult>(terms.Clock);
        try
        {
            call.Start(terms, caller);
        }
        catch (Exception)
        {
            call.Forget(); // The clock has thrown; no registration stays.
            throw;
        }

        return call;
    }

    /// <summary>The last use of it, unless it was cancelled: then <see cref="EndAsync"/> is.</summary>
    public bool TryEnd()
    {
        if (!TryEndUse())
        {
            return false;
        }

        Return();
        return true;
    }

    /// <summary>The last use of it. What the token's callbacks have thrown, if it was cancelled.</summary>
    public ValueTask<Exception?> EndAsync() => TryEnd() ? default : EndUseAsync();

    /// <summary>The last use of it, too. What comes of the operation, with who stopped it.</summary>
    public ValueTask<TResult> WhenEndedAsync(ValueTask<TResult> operation)
    {
        _context = CallsUser ? ExecutionContext.Capture() : null;
        var promised = new ValueTask<TResult>(this, _promise.Version);
        var awaiter = operation.NoContext().GetAwaiter();
        _operation = awaiter;
        if (awaiter.IsCompleted)
        {
            OnEnded();
        }
        else
        {
            awaiter.UnsafeOnCompleted(_onEnded ??= OnEnded); // From here on it may be used again.
        }

        return promised;
    }

    /// <inheritdoc cref="WhenEndedAsync(ValueTask{TResult})"/>
    public ValueTask WhenEndedAsync(ValueTask operation)
    {
        _context = CallsUser ? ExecutionContext.Capture() : null;
        var promised = new ValueTask(this, _promise.Version);
        var awaiter = operation.NoContext().GetAwaiter();
        _operationWithoutResult = awaiter;
        if (awaiter.IsCompleted)
        {
            OnEndedWithoutResult();
        }
        else
        {
            awaiter.UnsafeOnCompleted(_onEndedWithoutResult ??= OnEndedWithoutResult);
        }

        return promised;
    }

    public TResult GetResult(short token)
    {
        if (_promise.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The task has not ended. Await it, once.");
        }

        try
        {
            return _promise.GetResult(token);
        }
        finally
        {
            _promise.Reset();
            _context = null;
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

        if (Pool.TryDequeue(out var call))
        {
            Interlocked.Decrement(ref _pooled);
            return call;
        }

        return new DeadlineOperation<TResult>(TimeProvider.System);
    }

    private void Return()
    {
        if (IsSpent)
        {
            return;
        }

        if (_latest is null)
        {
            _latest = this;
        }
        else if (Interlocked.Increment(ref _pooled) <= MostPooled)
        {
            Pool.Enqueue(this);
        }
        else
        {
            Interlocked.Decrement(ref _pooled);
            Dispose();
        }
    }

    private void OnEnded()
    {
        TResult result;
        try
        {
            result = _operation.GetResult();
        }
        catch (Exception exception)
        {
            End(default!, exception);
            return;
        }

        End(result);
    }

    private void OnEndedWithoutResult()
    {
        try
        {
            _operationWithoutResult.GetResult();
        }
        catch (Exception exception)
        {
            End(default!, exception);
            return;
        }

        End(default!);
    }

    private void End(TResult result)
    {
        if (!TryEndUse())
        {
            End(result, null);
            return;
        }

        _operation = default;
        _operationWithoutResult = default;
        _promise.SetResult(result);
    }

    /// <summary>In the context of the call: it may be the user's logger or clock that is called.</summary>
    private void End(TResult result, Exception? thrown)
    {
        _operation = default;
        _operationWithoutResult = default;
        if (_context is not { } context)
        {
            _ = EndAfterAsync(result, thrown);
            return;
        }

        ExecutionContext.Run(
            context,
            static end =>
            {
                var (call, result, thrown) = ((DeadlineOperation<TResult>, TResult, Exception?))end!;
                _ = call.EndAfterAsync(result, thrown);
            },
            (this, result, thrown));
    }

    private async Task EndAfterAsync(TResult result, Exception? thrown)
    {
        try
        {
            var terms = Terms;
            var translated = thrown is null ? null : Translate(thrown); // Before the end: then its caller is forgotten.
            var ofCallbacks = await EndUseAsync().NoContext();
            if (translated is null)
            {
                DeadlineEngine.Report(ofCallbacks, terms);
            }
            else
            {
                thrown = DeadlineEngine.WithFailure(translated, ofCallbacks, terms);
            }
        }
        catch (Exception exception)
        {
            thrown = exception; // Of the user's exception.
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
}
