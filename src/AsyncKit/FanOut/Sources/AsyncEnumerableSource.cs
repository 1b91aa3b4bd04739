namespace AsyncKit;

/// <summary>Enumerates an <see cref="IAsyncEnumerable{T}"/>.</summary>
internal sealed class AsyncEnumerableSource<T>(IAsyncEnumerable<T> source) : PulledSource<T>
{
    private IAsyncEnumerator<T>? _enumerator;

    protected override T Current => _enumerator!.Current;

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken)
    {
        _enumerator ??= source.GetAsyncEnumerator(runToken)
            ?? throw new InvalidOperationException("The source's GetAsyncEnumerator returned null.");
        return _enumerator.MoveNextAsync();
    }

    public override ValueTask DisposeAsync() => _enumerator?.DisposeAsync() ?? default;
}
