using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>
/// A source whose indexer supports concurrent reads: an array, an <see cref="ImmutableArray{T}"/> or a
/// <see cref="List{T}"/>. Each worker claims an index; nothing is enumerated.
/// </summary>
/// <remarks>
/// Lifetime: one for each run.
/// <para>
/// Invariants:
/// (1) Each index is claimed once.
/// (2) A change of the list after the start of the run is reported once, as an exception.
/// </para>
/// </remarks>
internal sealed class IndexedSource<T>
{
    private readonly T[]? _array;
    private readonly List<T>? _list;
    private readonly List<T>.Enumerator _unmoved;
    private PaddedInt _next;
    private int _wasChangeReported;

    private IndexedSource(T[] array)
    {
        _array = array;
        Count = array.Length;
    }

    private IndexedSource(List<T> list)
    {
        _list = list;
        _unmoved = list.GetEnumerator();
        Count = list.Count;
    }

    public int Count { get; }

    public int Claimed => Math.Min(Volatile.Read(ref _next.Value), Count);

    /// <summary>False only after every item was claimed.</summary>
    public bool HasMore => Volatile.Read(ref _next.Value) < Count;

    public static IndexedSource<T>? TryCreate(IEnumerable<T> source) => source switch
    {
        T[] array => new IndexedSource<T>(array),
        List<T> list when list.GetType() == typeof(List<T>) => new IndexedSource<T>(list),
        ImmutableArray<T> { IsDefault: false } array => new IndexedSource<T>(
            ImmutableCollectionsMarshal.AsArray(array)!),
        _ => null,
    };

    /// <summary>Gets an item for the report, after the run.</summary>
    /// <returns>False if a list became shorter; otherwise, true.</returns>
    public bool TryGetItem(int index, out T? item)
    {
        var exists = _array is not null || index < _list!.Count;
        item = !exists ? default : _array is not null ? _array[index] : _list![index];
        return exists;
    }

    /// <exception cref="InvalidOperationException">The list changed after the start of the run; thrown
    /// once.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClaim(out int index, out T item)
    {
        // Past the end, each worker increments the counter one more time. If it overflows, the index is negative and
        // thus past the end too.
        index = Interlocked.Increment(ref _next.Value) - 1;
        if (_array is not { } array)
        {
            return TryClaimFromList(index, out item);
        }

        var isItem = (uint)index < (uint)array.Length;
        item = isItem ? array[index] : default!;
        return isItem;
    }

    /// <summary>Returns a source that enumerates the items, for a run that must see them one by one.</summary>
    public PulledSource<T> AsPulled() => new PulledAdapter(this);

    private bool TryClaimFromList(int index, out T item)
    {
        try
        {
            var items = CollectionsMarshal.AsSpan(_list);
            var isItem = (uint)index < (uint)Count;
            item = isItem && index < items.Length ? items[index] : default!;

            // Must come after the read, so that an item read after a change is never used. Only the enumerator
            // compares the list's version; the copy keeps the shared enumerator unmoved.
            var probe = _unmoved;
            _ = probe.MoveNext();
            return isItem;
        }
        catch (InvalidOperationException) when (Interlocked.Exchange(ref _wasChangeReported, 1) == 1)
        {
            item = default!;
            return false;
        }
    }

    private sealed class PulledAdapter(IndexedSource<T> indexed) : PulledSource<T>
    {
        private T _current = default!;

        public override int? CountHint => indexed.Count;

        protected override T Current => _current;

        public override ValueTask<bool> MoveNextAsync(CancellationToken runToken) =>
            new(indexed.TryClaim(out _, out _current));

        public override ValueTask DisposeAsync() => default;
    }
}
