namespace AsyncKit;

internal sealed class EnumerableSource<T>(IEnumerable<T> source) : PulledSource<T>
{
    private IEnumerator<T>? _enumerator;

    protected override T Current => _enumerator!.Current;

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken)
    {
        _enumerator ??= Open();
        return new ValueTask<bool>(_enumerator.MoveNext());
    }

    public override ValueTask DisposeAsync()
    {
        _enumerator?.Dispose();
        return default;
    }

    private IEnumerator<T> Open()
    {
        CountHint = source.TryGetNonEnumeratedCount(out var count) ? count : null;
        return source.GetEnumerator()
            ?? throw new InvalidOperationException("The source's GetEnumerator returned null.");
    }
}
