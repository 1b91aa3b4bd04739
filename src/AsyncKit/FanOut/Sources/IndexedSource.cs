using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>
/// A source whose indexer bears concurrent reads: an array, an <see cref="ImmutableArray{T}"/> or a
/// <see cref="List{T}"/>. Workers claim an index each; nothing is enumerated.
/// </summary>
internal sealed class IndexedSource<T>
{
    private readonly T[]? _array;
    private readonly List<T>? _list;
    private readonly List<T>.Enumerator _unmoved;
    private PaddedInt _next;
    private int _wasChangeSeen;

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

    /// <summary>False only when every item has been claimed.</summary>
    public bool HasMore => Volatile.Read(ref _next.Value) < Count;

    public static IndexedSource<T>? TryCreate(IEnumerable<T> source) => source switch
    {
        T[] array => new IndexedSource<T>(array),
        List<T> list when list.GetType() == typeof(List<T>) => new IndexedSource<T>(list),
        ImmutableArray<T> { IsDefault: false } array => new IndexedSource<T>(
            ImmutableCollectionsMarshal.AsArray(array)!),
        _ => null,
    };

    /// <summary>For a report, after the run.</summary>
    /// <returns>False when a list has become shorter.</returns>
    public bool TryGetItem(int index, out T? item)
    {
        var isThere = _array is not null || index < _list!.Count;
        item = !isThere ? default : _array is not null ? _array[index] : _list![index];
        return isThere;
    }

    /// <exception cref="InvalidOperationException">The list has changed since the run began; thrown once.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClaim(out int index, out T item)
    {
        // Past the end the counter goes on by one per worker. If it wraps, the index is negative: past the end too.
        index = Interlocked.Increment(ref _next.Value) - 1;
        if (_array is not { } array)
        {
            return TryClaimFromList(index, out item);
        }

        var isItem = (uint)index < (uint)array.Length;
        item = isItem ? array[index] : default!;
        return isItem;
    }

    private bool TryClaimFromList(int index, out T item)
    {
        try
        {
            return TryReadList(index, out item);
        }
        catch (InvalidOperationException) when (Interlocked.Exchange(ref _wasChangeSeen, 1) == 1)
        {
            item = default!;
            return false;
        }
    }

    private bool TryReadList(int index, out T item)
    {
        var items = CollectionsMarshal.AsSpan(_list);
        var isItem = (uint)index < (uint)Count;
        item = isItem && index < items.Length ? items[index] : default!;

        // After the read: what was read before a change was read from the list as it was. A copy of the enumerator
        // compares the list's version, which nothing else shows, and moves nothing that is shared.
        var probe = _unmoved;
        _ = probe.MoveNext();
        return isItem;
    }
}
