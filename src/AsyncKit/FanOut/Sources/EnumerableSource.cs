namespace AsyncKit;

/// <summary>Enumerates an <see cref="IEnumerable{T}"/>.</summary>
internal sealed class EnumerableSource<T>(IEnumerable<T> source) : PulledSource<T>
{
    private IEnumerator<T>? _enumerator;
    private int? _countHint;

    public override int? CountHint => _countHint;

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
        _countHint = source.TryGetNonEnumeratedCount(out var count) && count >= 0 ? count : null;
        return source.GetEnumerator()
            ?? throw new InvalidOperationException("The source's GetEnumerator returned null.");
    }
}
