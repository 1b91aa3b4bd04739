namespace AsyncKit;

/// <summary>A child of a <see cref="TaskScope"/>, without the type of its result.</summary>
internal abstract class TaskScopeChild
{
    public abstract void Start();

    /// <summary>Completes the child without running it.</summary>
    public abstract void Cancel();
}

/// <summary>A child of a <see cref="TaskScope"/>: the operation and the task that the caller got for it.</summary>
/// <remarks>
/// Lifetime: until its task completes. Exactly one of Start and Cancel is called, once.
/// <para>
/// Invariants: (1) The task is complete before the child releases its reference to the scope. (2) The exception of the
/// task is observed, since the scope reports it and the caller may drop the task.
/// </para>
/// </remarks>
internal sealed class TaskScopeChild<T>(TaskScope scope, Func<CancellationToken, ValueTask<T>> operation)
    : TaskScopeChild
{
    // Must be completed directly: AsyncEnvironment.Complete under a test's control completes it later, and after a join
    // every task must be complete. Continuations still run asynchronously in production, and no lock is held here.
    private readonly TaskCompletionSource<T> _completion = AsyncEnvironment.NewCompletion<T>();
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public Task<T> Task => _completion.Task;

    public override void Start() => ThreadPoolWork.Queue(() => _ = RunAsync(), _context);

    public override void Cancel()
    {
        _completion.SetCanceled(scope.ReportedToken);
        scope.MarkIncomplete();
    }

    private async Task RunAsync()
    {
        if (scope.MustStop())
        {
            Cancel();
            scope.OnCompleted();
            return;
        }

        try
        {
            var result = await operation(scope.Token).NoContext();
            scope.OnSucceeded();
            _completion.SetResult(result);
        }
        catch (Exception exception) when (!_completion.Task.IsCompleted)
        {
            if (scope.OnFailed(exception))
            {
                _completion.SetCanceled(scope.ReportedToken);
            }
            else
            {
                _completion.SetException(exception);
                _ = _completion.Task.Exception; // Marks it as observed.
            }
        }

        scope.OnCompleted();
    }
}
