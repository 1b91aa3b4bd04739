namespace AsyncKit;

/// <summary>One caller that waits. Whoever takes it out of its list, under the lock, completes it: so it is completed
/// once.</summary>
internal sealed class LazyWaiter<T>(AsyncLazy<T> owner, CancellationToken token)
{
    private readonly TaskCompletionSource<LazyOutcome<T>> _completion = AsyncEnvironment.NewCompletion<LazyOutcome<T>>();

    public AsyncLazy<T> Owner => owner;

    public Task<LazyOutcome<T>> Task => _completion.Task;

    public void Complete(LazyOutcome<T> outcome) => AsyncEnvironment.Complete(_completion, outcome);

    public void Cancel() => Complete(new LazyOutcome<T>(new OperationCanceledException(token)));
}
