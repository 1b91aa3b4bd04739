namespace AsyncKit;

/// <summary>Pulls what could be claimed by many: for whoever must see the items one by one.</summary>
internal sealed class IndexedSourceAdapter<T>(IndexedSource<T> indexed) : PulledSource<T>
{
    private T _current = default!;

    public override int? CountHint => indexed.Count;

    protected override T Current => _current;

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken) => new(indexed.TryClaim(out _, out _current));

    public override ValueTask DisposeAsync() => default;
}
