using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// Owns tasks: whoever leaves it knows that all of them have ended, and what has become of them.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Leaving it means that all children have ended: JoinAsync waits for them, DisposeAsync cancels them and waits.</item>
/// <item><see cref="TaskScopePolicy.CancelOnFirstFailure"/>: the first failure cancels the token of the children, what runs
/// is awaited, then the join throws that exception itself. Further ones are in the task's Exception.</item>
/// <item><see cref="TaskScopePolicy.RunToEnd"/>: every child runs; then the join throws one flat AggregateException with
/// every failure, in the order they failed.</item>
/// <item><see cref="TaskScopePolicy.FirstSuccess"/>: the first success cancels the others, and the join succeeds. If none
/// has succeeded, it throws as after a run to the end.</item>
/// <item>Children may add children, as long as the scope has not ended. What is added after a stop does not run: its task
/// is cancelled.</item>
/// <item>With MaxConcurrency no more children than that run at once; the others wait in the order they were
/// added.</item>
/// <item>A child runs on the pool, never inside the call, with the ExecutionContext of the call that added it.</item>
/// <item>An OperationCanceledException of a child counts as cancellation only when the caller's token or the token of the
/// children is cancelled. Any other is a failure.</item>
/// <item>The first cause decides, as in a fan-out: a failure before a cancellation faults the join; a cancellation first
/// gives an OperationCanceledException with the caller's token, or after Cancel with the scope's, and failures after it
/// are its inner exception. If every child had succeeded all the same, the join succeeds.</item>
/// <item>A child's exception never stays unobserved, whether its task is kept or dropped.</item>
/// </list>
/// Thread-safe. Cost: a few objects for each child.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class TaskScope : IAsyncDisposable
{
    // Invariants: (1) holds are one for the owner until it joins or disposes, one for each child that has not ended, one
    // while the token is being cancelled; zero is final. (2) Who waits does so because MaxConcurrency run, and nobody
    // waits after the stop. (3) A child's task is complete before its hold goes.
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<bool> _ended = AsyncEnvironment.NewCompletion<bool>();
    private readonly CancellationTokenSource _children = new();
    private readonly CancellationToken _callerToken;
    private readonly TaskScopePolicy _policy;
    private readonly int _maxConcurrency;
    private readonly FailureRecord _failures;
    private readonly Queue<TaskScopeChild> _waiting = new();
    private CancellationTokenRegistration _callerRegistration;
    private int _refCount = 1;
    private int _running;
    private bool _isLeft;
    private volatile bool _hasSuccess;
    private volatile bool _isStopping;

    private TaskScope(TaskScopeOptions options, CancellationToken callerToken)
    {
        Token = _children.Token;
        _callerToken = callerToken;
        _policy = options.Policy;
        _maxConcurrency = options.MaxConcurrency ?? int.MaxValue;
        _failures = new FailureRecord(_policy == TaskScopePolicy.CancelOnFirstFailure, callerToken)
        {
            ReportedToken = () => ReportedToken,
        };
    }

    /// <summary>The token that the children get: cancelled by the policy, by <see cref="Cancel"/>, by the caller's token
    /// and by leaving the scope early.</summary>
    public CancellationToken Token { get; }

    internal CancellationToken ReportedToken => _callerToken.IsCancellationRequested ? _callerToken : Token;

    /// <summary>Opens a scope. It must be joined or disposed.</summary>
    /// <param name="options">What happens when a child fails, and how many run at once; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the children. Cancelled at the call: no child runs.</param>
    /// <returns>The scope, without children.</returns>
    public static TaskScope Open(TaskScopeOptions? options = null, CancellationToken cancellationToken = default)
    {
        LeakCounter.Begin();
        var scope = new TaskScope(options ?? new(), cancellationToken);
        scope._callerRegistration = cancellationToken.UnsafeRegister(
            static one => ((TaskScope)one!).OnCallerCancelled(), scope);
        if (cancellationToken.IsCancellationRequested)
        {
            scope.MarkIncomplete();
        }

        return scope;
    }

    /// <summary>Waits until all children have ended, also those that are added meanwhile; then the scope has ended. A
    /// child must not await this: it would wait for itself.</summary>
    /// <returns>A task that ends after the last child and tells by the policy what has become of them.</returns>
    /// <exception cref="AggregateException">From the task: every failure, where the policy is not
    /// <see cref="TaskScopePolicy.CancelOnFirstFailure"/>.</exception>
    /// <exception cref="OperationCanceledException">From the task: the caller's token or <see cref="Cancel"/> came first.
    /// Failures after it are the inner exception.</exception>
    /// <exception cref="InvalidOperationException">From the task: the policy is
    /// <see cref="TaskScopePolicy.FirstSuccess"/>, and there was no child.</exception>
    public Task JoinAsync()
    {
        Leave();
        return JoinCoreAsync().Unwrap();
    }

    /// <summary>Cancels the token of the children and whatever waits for its turn. Returns at once; callbacks run on the
    /// pool.</summary>
    public void Cancel()
    {
        if (_failures.AddCancellation())
        {
            Stop();
        }
    }

    /// <summary>Cancels what has not ended and waits for it. After a join that was awaited it does nothing. It does not
    /// throw for a child: that is what the join does, and the child's own task.</summary>
    /// <returns>A task that ends after the last child.</returns>
    public ValueTask DisposeAsync()
    {
        Cancel();
        Leave();
        return new ValueTask(_ended.Task);
    }

    /// <summary>What it does at this moment.</summary>
    /// <returns>How many children run and how many wait for their turn.</returns>
    public override string ToString()
    {
        lock (_lock)
        {
            return _refCount == 0 ? "TaskScope: ended" : $"TaskScope: {_running} running, {_waiting.Count} waiting";
        }
    }

    /// <summary>True when no child may start. Looks at the caller's token too, whose callback for us may come
    /// last.</summary>
    internal bool MustStop()
    {
        if (!_isStopping && _callerToken.IsCancellationRequested)
        {
            OnCallerCancelled();
        }

        return _isStopping || _callerToken.IsCancellationRequested;
    }

    internal void MarkIncomplete() => _failures.MarkIncomplete();

    internal void OnSucceeded()
    {
        _hasSuccess = true;
        if (_policy == TaskScopePolicy.FirstSuccess && _failures.AddSuccess())
        {
            Stop();
        }
    }

    /// <returns>True when it counts as cancelled.</returns>
    internal bool OnFailed(Exception exception)
    {
        var isCancelled = (Token.IsCancellationRequested || _callerToken.IsCancellationRequested)
            && Cancellation.Is(exception);
        if (isCancelled)
        {
            MarkIncomplete();
            _ = MustStop(); // A child may see the caller's token before our callback does.
            if (exception is not CanceledWithFailureException { InnerException: { } failure })
            {
                return true;
            }

            exception = failure; // What ran inside the child had failures before it was cancelled.
        }

        if (_failures.AddRunFailure(exception))
        {
            Stop();
        }

        return isCancelled;
    }

    /// <summary>The very last thing that a child which had its turn does.</summary>
    internal void OnEnded()
    {
        TaskScopeChild? next;
        lock (_lock)
        {
            if (!_waiting.TryDequeue(out next))
            {
                _running--;
            }
        }

        next?.Start();
        Release();
    }

    private Task<T> Add<T>(Func<CancellationToken, ValueTask<T>> work)
    {
        _ = MustStop();
        var child = new TaskScopeChild<T>(this, work);
        bool isRefused;
        var starts = false;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_refCount == 0, this);
            isRefused = _isStopping;
            if (!isRefused)
            {
                _refCount++;
                starts = _running < _maxConcurrency;
                if (starts)
                {
                    _running++;
                }
                else
                {
                    _waiting.Enqueue(child);
                }
            }
        }

        if (isRefused)
        {
            child.Cancel();
        }
        else if (starts)
        {
            child.Start();
        }

        return child.Task;
    }

    private void OnCallerCancelled() => Cancel();

    /// <summary>Once, by whoever had the first cause.</summary>
    private void Stop()
    {
        TaskScopeChild[] waiting;
        lock (_lock)
        {
            if (_refCount == 0)
            {
                return;
            }

            _refCount++;
            _isStopping = true;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        var cancelling = AsyncEnvironment.CancelAsync(_children);
        ThreadPoolWork.Queue(() => _ = EndStopAsync(cancelling, waiting)); // This may be inside the caller's Cancel.
    }

    private async Task EndStopAsync(Task cancelling, TaskScopeChild[] waiting)
    {
        foreach (var child in waiting)
        {
            child.Cancel();
            Release();
        }

        try
        {
            await cancelling.NoContext();
        }
        catch (Exception exception)
        {
            var thrown = exception is AggregateException all ? all.InnerExceptions : new([exception]);
            foreach (var one in thrown.Where(one => !Cancellation.Is(one)))
            {
                _ = _failures.AddRunFailure(one);
            }
        }

        Release();
    }

    /// <summary>Gives up the owner's hold, once.</summary>
    private void Leave()
    {
        lock (_lock)
        {
            if (_isLeft)
            {
                return;
            }

            _isLeft = true;
        }

        Release();
    }

    private void Release()
    {
        lock (_lock)
        {
            if (--_refCount > 0)
            {
                return;
            }
        }

        _ = _callerRegistration.Unregister();
        _children.Dispose();
        LeakCounter.End();
        AsyncEnvironment.Complete(_ended, true); // The very last thing: from here on the caller goes on.
    }

    private async Task<Task> JoinCoreAsync()
    {
        await _ended.Task.NoContext();
        var (cancelled, faults) = _failures.Conclude();
        return (cancelled, faults) switch
        {
            ({ } exception, _) => TaskExceptions.ThrowAsync<bool>(exception),
            (_, { Count: > 0 }) => TaskExceptions.Faulted<bool>(faults),
            _ when _policy == TaskScopePolicy.FirstSuccess && !_hasSuccess => Task.FromException(
                new InvalidOperationException("The scope had no child, so none has succeeded.")),
            _ => Task.CompletedTask,
        };
    }
}
