namespace AsyncKit;

/// <summary>The user's function in one of the forms that the engine awaits.</summary>
internal readonly struct Operation<T, TResult>
{
    private readonly Func<T, CancellationToken, ValueTask<TResult>>? _withResult;
    private readonly Func<T, CancellationToken, ValueTask>? _withoutResult;
    private readonly Func<T, ItemState, CancellationToken, ValueTask<TResult>>? _withSlot;
    private readonly Func<T, ItemState, CancellationToken, ValueTask>? _withSlotOnly;

    public Operation(Func<T, CancellationToken, ValueTask<TResult>> withResult) => _withResult = withResult;

    public Operation(Func<T, CancellationToken, ValueTask> withoutResult) => _withoutResult = withoutResult;

    /// <summary>Of ours, around the user's: it keeps something from one item of a worker to the next.</summary>
    public Operation(Func<T, ItemState, CancellationToken, ValueTask<TResult>> withSlot) => _withSlot = withSlot;

    /// <inheritdoc cref="Operation{T, TResult}(Func{T, ItemState, CancellationToken, ValueTask{TResult}})"/>
    public Operation(Func<T, ItemState, CancellationToken, ValueTask> withSlotOnly) => _withSlotOnly = withSlotOnly;

    public bool HasResult => _withResult is not null || _withSlot is not null;

    public bool NeedsSlot => _withSlot is not null || _withSlotOnly is not null;

    public ValueTask<TResult> InvokeAsync(T item, ItemState? slot, CancellationToken token) =>
        _withResult is not null ? _withResult(item, token) : _withSlot!(item, slot!, token);

    public ValueTask InvokeWithoutResultAsync(T item, ItemState? slot, CancellationToken token) =>
        _withoutResult is not null ? _withoutResult(item, token) : _withSlotOnly!(item, slot!, token);
}
