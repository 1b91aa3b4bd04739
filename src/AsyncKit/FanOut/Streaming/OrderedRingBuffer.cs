using System.Numerics;

namespace AsyncKit;

/// <summary>
/// From many workers to one reader, in the order of places: a ring of cells, as many as may be started and not read.
/// Nothing is allocated per item.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) A place is put once, and only while it is less than one ring ahead of the reader, so its cell is free.
/// (2) Only the reader empties a cell, and only the one at its place.
/// (3) The reader waits only when the cell at its place is empty and the end has not come; whoever fills that cell or
/// brings the end wakes it.
/// (4) Whoever wants to start waits only while the window is full and open; the reader that moves on, or whoever closes
/// the window, wakes it. There is one at a time, the holder of the gate.
/// </remarks>
internal sealed class OrderedRingBuffer<TValue>
{
    private readonly Cell[] _cells;
    private readonly int _lookahead;
    private readonly IndexSignal _reader = new();
    private readonly IndexSignal _starter = new();
    private PaddedLong _place; // Where the reader is: the window begins here.
    private PaddedLong _tickets;
    private volatile bool _isClosed;
    private volatile bool _hasEnded;

    public OrderedRingBuffer(int lookahead)
    {
        _lookahead = lookahead;
        _cells = new Cell[BitOperations.RoundUpToPowerOf2((uint)lookahead + 1)];
    }

    private enum Content
    {
        Unit,
        Value,
        Gap,
    }

    public bool IsClosed => _isClosed;

    public bool HasEnded => _hasEnded;

    /// <summary>The next place in the order of completion.</summary>
    public long NextTicket() => Interlocked.Increment(ref _tickets.Value) - 1;

    public void Put(long place, TValue value) => Put(place, value, Content.Value);

    /// <summary>The reader passes over this place.</summary>
    public void PutGap(long place) => Put(place, default!, Content.Gap);

    public bool MayStart(long index) => index - Volatile.Read(ref _place.Value) <= _lookahead;

    /// <summary>Ends when the index may be started, or the window was closed.</summary>
    public ValueTask UntilMayStartAsync(long index)
    {
        _starter.Arm(index);
        return (MayStart(index) || _isClosed) && _starter.TryDisarm(index) ? default : _starter.Woken;
    }

    /// <summary>Nobody waits any more for a start, which will not come.</summary>
    public void Close()
    {
        _isClosed = true;
        _starter.WakeUpTo(long.MaxValue);
    }

    /// <summary>The last put was the last.</summary>
    public void End()
    {
        _hasEnded = true;
        _reader.WakeUpTo(long.MaxValue);
    }

    /// <summary>By the reader. The place of what it got stays its own until <see cref="MoveOn"/>.</summary>
    public bool TryRead(out TValue value)
    {
        while (true)
        {
            ref var cell = ref CellOf(_place.Value);
            var content = (Content)Volatile.Read(ref cell.Content);
            if (content == Content.Unit)
            {
                value = default!;
                return false;
            }

            value = cell.Value;
            cell.Value = default!;
            if (content == Content.Value)
            {
                return true;
            }

            MoveOn();
        }
    }

    /// <summary>By the reader, when it asks for the next one: the cell is free and the window goes on.</summary>
    public void MoveOn()
    {
        var place = _place.Value;
        Volatile.Write(ref CellOf(place).Content, (int)Content.Unit);
        Volatile.Write(ref _place.Value, place + 1);
        _starter.WakeUpTo(place + 1 + _lookahead);
    }

    /// <summary>By the reader. Ends when there is something at its place, or the end has come.</summary>
    public ValueTask UntilReadableAsync()
    {
        var place = _place.Value;
        _reader.Arm(place);
        var isReadable = Volatile.Read(ref CellOf(place).Content) != (int)Content.Unit || _hasEnded;
        return isReadable && _reader.TryDisarm(place) ? default : _reader.Woken;
    }

    private void Put(long place, TValue value, Content content)
    {
        ref var cell = ref CellOf(place);
        cell.Value = value;
        Volatile.Write(ref cell.Content, (int)content);
        _reader.Wake(place);
    }

    private ref Cell CellOf(long place) => ref _cells[place & (_cells.Length - 1)];

    private struct Cell
    {
        public TValue Value;
        public int Content;
    }
}
