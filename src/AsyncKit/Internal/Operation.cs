namespace AsyncKit;

/// <summary>The user's function in one of the forms that the engine awaits.</summary>
internal readonly struct Operation<T, TResult>
{
    private readonly Func<T, CancellationToken, ValueTask<TResult>>? _withResult;
    private readonly Func<T, CancellationToken, ValueTask>? _withoutResult;
    private readonly Func<T, FanOutSlot, CancellationToken, ValueTask<TResult>>? _withSlot;

    public Operation(Func<T, CancellationToken, ValueTask<TResult>> withResult) => _withResult = withResult;

    public Operation(Func<T, CancellationToken, ValueTask> withoutResult) => _withoutResult = withoutResult;

    /// <summary>Of ours, around the user's: it keeps something from one item of a worker to the next.</summary>
    public Operation(Func<T, FanOutSlot, CancellationToken, ValueTask<TResult>> withSlot) => _withSlot = withSlot;

    public bool HasResult => _withoutResult is null;

    public bool NeedsSlot => _withSlot is not null;

    public ValueTask<TResult> InvokeAsync(T item, FanOutSlot? slot, CancellationToken token) =>
        _withResult is not null ? _withResult(item, token) : _withSlot!(item, slot!, token);

    public ValueTask InvokeWithoutResultAsync(T item, CancellationToken token) => _withoutResult!(item, token);
}
