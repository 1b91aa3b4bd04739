using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// Owns tasks: when the scope is joined or disposed, all of them have completed, and their outcome is known.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>JoinAsync waits until all children have completed. DisposeAsync cancels them and waits.</item>
/// <item><see cref="TaskScopePolicy.CancelOnFirstFailure"/>: the first failure cancels the children's token. Running
/// children are awaited, then the join throws that exception unwrapped. The task's Exception contains the later
/// failures too.</item>
/// <item><see cref="TaskScopePolicy.RunToEnd"/>: every child runs, then the join throws one flat AggregateException
/// with every failure, in the order of occurrence.</item>
/// <item><see cref="TaskScopePolicy.FirstSuccess"/>: the first success cancels the other children, and the join
/// succeeds. If no child succeeds, the join throws as under RunToEnd.</item>
/// <item>Children may add children until the scope completes. A child that is added after a stop does not run; its task
/// is cancelled.</item>
/// <item>At most MaxConcurrency children run at a time. The others wait in the order in which they were added.</item>
/// <item>A child runs on the thread pool, never inline in the call, with the ExecutionContext of the call that added
/// it.</item>
/// <item>An OperationCanceledException of a child counts as a cancellation only if the caller's token or the children's
/// token is cancelled. Otherwise it is a failure.</item>
/// <item>The first cause decides, as in a fan-out. After a failure that precedes a cancellation, the join is
/// faulted.</item>
/// <item>After a cancellation that precedes the failures, the join throws an OperationCanceledException with the
/// caller's token, or with the scope's token after Cancel. Later failures are its inner exception. If every child
/// succeeds regardless, the join succeeds.</item>
/// <item>The exception of a child is always observed, even if its task is dropped.</item>
/// </list>
/// Thread-safe. Cost: a few objects per child.
/// </remarks>
/// <example>
/// <code>
/// await using var scope = TaskScope.Open(cancellationToken: cancellationToken);
/// Task&lt;User&gt; user = scope.Run(token =&gt; GetUserAsync(id, token));
/// Task&lt;Order[]&gt; orders = scope.Run(token =&gt; GetOrdersAsync(id, token)); // A failure of one cancels the other.
/// await scope.JoinAsync();
///
/// Show(await user, await orders);
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class TaskScope : IAsyncDisposable
{
    // Lifetime: a reference count. The owner holds a reference until it joins or disposes, each child until it
    // completes, and a stop until the callbacks on the token have returned. The last Release completes the scope.
    // Invariants, under the lock:
    // (1) A count of zero is final: a child is either counted and waited for, or refused.
    // (2) A child waits only while MaxConcurrency others run. After a stop no child waits.
    // (3) The task of a child completes before the child's reference is released.
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<bool> _completion = AsyncEnvironment.NewCompletion<bool>();
    private readonly CancellationTokenSource _children = new();
    private readonly CancellationToken _callerToken;
    private readonly TaskScopePolicy _policy;
    private readonly int _maxConcurrency;
    private readonly FailureRecord _failures;
    private readonly Queue<TaskScopeChild> _waiting = new();
    private CancellationTokenRegistration _callerRegistration;
    private int _refCount = 1;
    private int _running;
    private bool _isOwnerReleased;
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

    /// <summary>The token that the children receive. It is cancelled by the policy, by <see cref="Cancel"/>, by the
    /// caller's token, and by disposing the scope before it completes.</summary>
    public CancellationToken Token { get; }

    internal FailureRecord Failures => _failures;

    internal CancellationToken ReportedToken => _callerToken.IsCancellationRequested ? _callerToken : Token;

    /// <summary>Creates a scope, which must be joined or disposed.</summary>
    /// <param name="options">The policy and the concurrency limit; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the children. If it is cancelled at the call, no child runs.</param>
    /// <returns>A scope without children.</returns>
    public static TaskScope Open(TaskScopeOptions? options = null, CancellationToken cancellationToken = default)
    {
        LeakCounter.Begin();
        var scope = new TaskScope(options ?? new(), cancellationToken);
        scope._callerRegistration = cancellationToken.UnsafeRegister(
            static one => ((TaskScope)one!).Cancel(), scope);
        if (cancellationToken.IsCancellationRequested)
        {
            scope.MarkIncomplete();
        }

        return scope;
    }

    /// <summary>Adds a child.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="work">The operation to run on the thread pool. It receives <see cref="Token"/>: pass it on.</param>
    /// <returns>The task of the child. The scope owns it, so it need not be awaited. It is cancelled, without running
    /// the operation, if the scope is stopping.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">The scope has completed; thrown at the call.</exception>
    [OverloadResolutionPriority(3)]
    public Task<TResult> Run<TResult>(Func<CancellationToken, ValueTask<TResult>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Add(work);
    }

    /// <inheritdoc cref="Run{TResult}(Func{CancellationToken, ValueTask{TResult}})"/>
    [OverloadResolutionPriority(2)]
    public Task<TResult> Run<TResult>(Func<CancellationToken, Task<TResult>> work) =>
        Add(DelegateAdapters.Adapt(work));

    /// <summary>Adds a child.</summary>
    /// <param name="work">The operation to run on the thread pool. It receives <see cref="Token"/>: pass it on.</param>
    /// <returns>The task of the child. The scope owns it, so it need not be awaited. It is cancelled, without running
    /// the operation, if the scope is stopping.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">The scope has completed; thrown at the call.</exception>
    [OverloadResolutionPriority(1)]
    public Task Run(Func<CancellationToken, ValueTask> work) => Add(DelegateAdapters.Adapt(work));

    /// <inheritdoc cref="Run(Func{CancellationToken, ValueTask})"/>
    public Task Run(Func<CancellationToken, Task> work) => Add(DelegateAdapters.Adapt(work));

    /// <summary>Waits until all children have completed, including children that are added while it waits. Then the
    /// scope has completed. A child must not await this task: it would wait for itself.</summary>
    /// <returns>A task that completes after the last child, with the outcome that the policy defines.</returns>
    /// <exception cref="AggregateException">The task is faulted with this if children failed and the policy is not
    /// <see cref="TaskScopePolicy.CancelOnFirstFailure"/>.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if the caller's token or
    /// <see cref="Cancel"/> was the first cause. Later failures are the inner exception.</exception>
    /// <exception cref="InvalidOperationException">The task is faulted with this if the policy is
    /// <see cref="TaskScopePolicy.FirstSuccess"/> and no child was added.</exception>
    public Task JoinAsync()
    {
        ReleaseOwner();
        return JoinCoreAsync().Unwrap();
    }

    /// <summary>Cancels the children's token and the children that wait to start. Returns at once; callbacks on the
    /// token run on the thread pool.</summary>
    public void Cancel()
    {
        if (_failures.AddCancellation())
        {
            Stop();
        }
    }

    /// <summary>Cancels the children that have not completed and waits for them. Does nothing after an awaited join.
    /// Does not throw the exceptions of children; the join and the tasks of the children do.</summary>
    /// <returns>A task that completes after the last child.</returns>
    public ValueTask DisposeAsync()
    {
        Cancel();
        ReleaseOwner();
        return new ValueTask(_completion.Task);
    }

    /// <summary>Returns a snapshot of the state for debugging.</summary>
    /// <returns>The numbers of running and waiting children, or that the scope is complete.</returns>
    public override string ToString()
    {
        lock (_lock)
        {
            return _refCount == 0 ? "TaskScope: ended" : $"TaskScope: {_running} running, {_waiting.Count} waiting";
        }
    }

    /// <summary>Returns whether no further child may start. Also checks the caller's token, whose callback may not have
    /// run yet.</summary>
    internal bool MustStop()
    {
        if (_failures.IsStopped)
        {
            return true; // Recorded; the thread that recorded it may not have stopped the scope yet.
        }

        if (!_callerToken.IsCancellationRequested)
        {
            return _isStopping;
        }

        Cancel();
        return true;
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

    /// <returns>True if the exception counts as a cancellation.</returns>
    internal bool OnFailed(Exception exception)
    {
        var isCancelled = (Token.IsCancellationRequested || _callerToken.IsCancellationRequested)
            && Cancellation.Is(exception);
        if (isCancelled)
        {
            MarkIncomplete();
            _ = MustStop(); // The child may see the caller's token before the callback of this scope runs.
            if (exception is not CanceledWithFailureException { InnerException: { } failure })
            {
                return true;
            }

            exception = failure; // A nested run or scope failed before it was cancelled.
        }

        if (_failures.AddRunFailure(exception))
        {
            Stop();
        }

        return isCancelled;
    }

    /// <summary>Called by each child that was started, as its last step.</summary>
    internal void OnCompleted()
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

    private Task<T> Add<T>(Func<CancellationToken, ValueTask<T>> operation)
    {
        _ = MustStop();
        var child = new TaskScopeChild<T>(this, operation);
        bool isRefused;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_refCount == 0, this);
            isRefused = _isStopping || _failures.IsStopped;
            if (!isRefused)
            {
                _refCount++;
                if (_running == _maxConcurrency)
                {
                    _waiting.Enqueue(child);
                    return child.Task;
                }

                _running++;
            }
        }

        if (isRefused)
        {
            child.Cancel();
        }
        else
        {
            child.Start();
        }

        return child.Task;
    }

    /// <summary>Called once, by the thread that recorded the first cause.</summary>
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
        ThreadPoolWork.Queue(() => _ = StopAsync(cancelling, waiting)); // The caller may be inside its own Cancel().
    }

    private async Task StopAsync(Task cancelling, TaskScopeChild[] waiting)
    {
        foreach (var child in waiting)
        {
            child.Cancel();
            Release();
        }

        await cancelling.NoThrow();
        var failures = cancelling.Exception?.InnerException is AggregateException ofCallbacks
            ? ofCallbacks.InnerExceptions
            : cancelling.Exception?.InnerExceptions;
        foreach (var thrown in failures ?? [])
        {
            if (!Cancellation.Is(thrown))
            {
                _ = _failures.AddRunFailure(thrown);
            }
        }

        Release();
    }

    private void ReleaseOwner()
    {
        lock (_lock)
        {
            if (_isOwnerReleased)
            {
                return;
            }

            _isOwnerReleased = true;
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
        AsyncEnvironment.Complete(_completion, true); // Must be last: the caller continues here.
    }

    private async Task<Task> JoinCoreAsync()
    {
        _ = await _completion.Task.NoContext();
        return TaskExceptions.TryFrom<bool>(_failures.Conclude(), out var unsuccessful) ? unsuccessful
            : _policy != TaskScopePolicy.FirstSuccess || _hasSuccess ? Task.CompletedTask
            : Task.FromException(new InvalidOperationException("FirstSuccess needs a child; none was added."));
    }
}
