namespace AsyncKit;

/// <summary>The items of a lane that wait for a thread, in order. The items are the nodes of a circular list, so
/// queueing does not allocate, and a cancelled item is removed in constant time.</summary>
/// <remarks>Only <see cref="Count"/> can be read without the engine's lock.</remarks>
internal sealed class LaneQueue
{
    private int _count;

    public LaneItem? First { get; private set; }

    public int Count => Volatile.Read(ref _count);

    public static bool Contains(LaneItem item) => item.Next is not null;

    public void AddLast(LaneItem item)
    {
        var next = First ??= item;
        item.Next = next;
        item.Previous = next.Previous ?? item;
        item.Previous.Next = item;
        next.Previous = item;
        _count++;
    }

    public void AddFirst(LaneItem item)
    {
        AddLast(item);
        First = item;
    }

    public void Remove(LaneItem item)
    {
        item.Previous!.Next = item.Next;
        item.Next!.Previous = item.Previous;
        First = item != First ? First : item.Next == item ? null : item.Next;
        item.Next = item.Previous = null;
        _count--;
    }
}
