namespace AsyncKit;

/// <summary>The user's function in one of the two forms that the engine awaits.</summary>
internal readonly struct Operation<T, TResult>
{
    private readonly Func<T, CancellationToken, ValueTask<TResult>>? _withResult;
    private readonly Func<T, CancellationToken, ValueTask>? _withoutResult;

    public Operation(Func<T, CancellationToken, ValueTask<TResult>> withResult) => _withResult = withResult;

    public Operation(Func<T, CancellationToken, ValueTask> withoutResult) => _withoutResult = withoutResult;

    public bool HasResult => _withResult is not null;

    public ValueTask<TResult> InvokeAsync(T item, CancellationToken token) => _withResult!(item, token);

    public ValueTask InvokeWithoutResultAsync(T item, CancellationToken token) => _withoutResult!(item, token);
}
