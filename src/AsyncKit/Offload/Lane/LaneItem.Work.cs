namespace AsyncKit;

/// <summary>The work itself and its task. The state that the work is given spares a closure for each call.</summary>
internal sealed class LaneItem<TState, TResult>(
    LaneEngine engine,
    Func<TState, CancellationToken, TResult> work,
    TState state,
    OnCancel onCancel,
    CancellationToken token) : LaneItem(engine, onCancel, token)
{
    private readonly TaskCompletionSource<TResult> _completion = AsyncEnvironment.NewCompletion<TResult>();
    private TResult? _result;
    private Exception? _exception;

    public Task<TResult> Task => _completion.Task;

    protected override void Invoke()
    {
        try
        {
            _result = work(state, Token);
            TaskResultGuard.Check(_result);
        }
        catch (Exception exception)
        {
            _exception = exception;
        }
    }

    protected override void CompleteTask(bool wasInterrupted)
    {
        switch (_exception)
        {
            case null:
                AsyncEnvironment.Complete(_completion, _result!);
                break;
            case OperationCanceledException when Token.IsCancellationRequested:
            case ThreadInterruptedException when wasInterrupted:
                Cancel(Token);
                break;
            default:
                Fail(_exception);
                break;
        }
    }

    protected override void Fail(Exception exception) => AsyncEnvironment.Fail(_completion, exception);

    protected override void Cancel(CancellationToken cancellationToken) =>
        AsyncEnvironment.Cancel(_completion, cancellationToken);

    protected override void Drop()
    {
        if (_exception is not (null or OperationCanceledException) && Engine.Options.Logger is { } logger)
        {
            Log.AbandonedWorkFailed(logger, Engine.Options.Name, _exception);
        }
    }
}
