namespace AsyncKit;

/// <summary>User code to run for each item, in one of the delegate types that a worker can await.</summary>
internal readonly struct Operation<T, TResult>
{
    private readonly Func<T, CancellationToken, ValueTask<TResult>>? _withResult;
    private readonly Func<T, CancellationToken, ValueTask>? _withoutResult;
    private readonly Func<T, ItemState, CancellationToken, ValueTask<TResult>>? _withState;
    private readonly Func<T, ItemState, CancellationToken, ValueTask>? _withStateOnly;

    public Operation(Func<T, CancellationToken, ValueTask<TResult>> withResult) => _withResult = withResult;

    public Operation(Func<T, CancellationToken, ValueTask> withoutResult) => _withoutResult = withoutResult;

    /// <summary>Wraps user code that AsyncKit decorates and that needs the state of the item.</summary>
    public Operation(Func<T, ItemState, CancellationToken, ValueTask<TResult>> withState) => _withState = withState;

    /// <inheritdoc cref="Operation{T, TResult}(Func{T, ItemState, CancellationToken, ValueTask{TResult}})"/>
    public Operation(Func<T, ItemState, CancellationToken, ValueTask> withStateOnly) => _withStateOnly = withStateOnly;

    public bool HasResult => _withResult is not null || _withState is not null;

    public bool NeedsState => _withState is not null || _withStateOnly is not null;

    public ValueTask<TResult> InvokeAsync(T item, ItemState? state, CancellationToken token) =>
        _withResult is not null ? _withResult(item, token) : _withState!(item, state!, token);

    public ValueTask InvokeWithoutResultAsync(T item, ItemState? state, CancellationToken token) =>
        _withoutResult is not null ? _withoutResult(item, token) : _withStateOnly!(item, state!, token);
}
