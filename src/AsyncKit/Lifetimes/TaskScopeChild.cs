namespace AsyncKit;

/// <summary>A child without the type of its result, as it waits for its turn.</summary>
internal abstract class TaskScopeChild
{
    public abstract void Start();

    /// <summary>It will not run.</summary>
    public abstract void Cancel();
}

/// <summary>A child and its task, which is complete before the scope lets the child go.</summary>
internal sealed class TaskScopeChild<T>(TaskScope scope, Func<CancellationToken, ValueTask<T>> work) : TaskScopeChild
{
    // Not completed through Seam.Complete, which under a test's control would do so only later: after a join every task
    // is complete. No continuation runs inside in production, and nothing is held here in any case.
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
            scope.OnEnded();
            return;
        }

        try
        {
            var result = await work(scope.Token).NoContext();
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
                _ = _completion.Task.Exception; // The scope tells it; whoever drops the task need not look.
            }
        }

        scope.OnEnded();
    }
}
