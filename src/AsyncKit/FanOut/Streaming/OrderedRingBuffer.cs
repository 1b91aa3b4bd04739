using System.Numerics;

namespace AsyncKit;

/// <summary>
/// Transfers values from many workers to one reader in the order of their positions, through a ring of cells and
/// without allocation per item.
/// </summary>
/// <remarks>
/// Lifetime: one for each enumeration of a stream. The window starts at the reader's position and has as many
/// positions as may be started and not yet read. It advances when the reader requests the next value, not when it gets
/// the current one.
/// <para>
/// Invariants:
/// (1) Each position is put once, and only while it is less than one ring ahead of the reader, so its cell is free.
/// (2) Only the reader empties a cell, and only the one at its position.
/// (3) The reader waits only while the cell at its position is empty and the run has not ended. The worker that fills
/// that cell, or the end of the run, wakes it.
/// (4) A worker waits to start only while the window is full and open. The reader that advances, or the thread that
/// closes the window, wakes it. At most one worker waits here: the holder of the enumerator lock.
/// </para>
/// </remarks>
internal sealed class OrderedRingBuffer<TValue>
{
    private readonly Cell[] _cells;
    private readonly int _lookahead;
    private readonly IndexSignal _reader = new();
    private readonly IndexSignal _starter = new();
    private PaddedLong _position; // Of the reader.
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
        None,
        Value,
        Gap,
    }

    public bool IsClosed => _isClosed;

    public bool HasEnded => _hasEnded;

    /// <summary>Returns the next position in completion order.</summary>
    public long NextTicket() => Interlocked.Increment(ref _tickets.Value) - 1;

    public void Put(long position, TValue value) => Put(position, value, Content.Value);

    /// <summary>Makes the reader skip this position.</summary>
    public void PutGap(long position) => Put(position, default!, Content.Gap);

    public bool MayStart(long index) => index - Volatile.Read(ref _position.Value) <= _lookahead;

    /// <summary>Completes when the index may be started or the window was closed.</summary>
    public ValueTask UntilMayStartAsync(long index)
    {
        _starter.Arm(index);
        return (MayStart(index) || _isClosed) && _starter.TryDisarm(index) ? default : _starter.Woken;
    }

    /// <summary>Closes the window: no worker waits for a start any more, and none starts.</summary>
    public void Close()
    {
        _isClosed = true;
        _starter.WakeUpTo(long.MaxValue);
    }

    /// <summary>Ends the sequence, after the last put.</summary>
    public void End()
    {
        _hasEnded = true;
        _reader.WakeUpTo(long.MaxValue);
    }

    /// <summary>Reads the value at the reader's position, which stays there until <see cref="Advance"/>.</summary>
    public bool TryRead(out TValue value)
    {
        while (true)
        {
            ref var cell = ref CellOf(_position.Value);
            var content = (Content)Volatile.Read(ref cell.Content);
            if (content == Content.None)
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

            Advance();
        }
    }

    /// <summary>Called by the reader when it requests the next value: frees the cell and advances the window.</summary>
    public void Advance()
    {
        var position = _position.Value;
        Volatile.Write(ref CellOf(position).Content, (int)Content.None);
        Volatile.Write(ref _position.Value, position + 1);
        _starter.WakeUpTo(position + 1 + _lookahead);
    }

    /// <summary>Completes when the cell at the reader's position is filled or the sequence ended.</summary>
    public ValueTask UntilReadableAsync()
    {
        var position = _position.Value;
        _reader.Arm(position);
        var isReadable = Volatile.Read(ref CellOf(position).Content) != (int)Content.None || _hasEnded;
        return isReadable && _reader.TryDisarm(position) ? default : _reader.Woken;
    }

    private void Put(long position, TValue value, Content content)
    {
        ref var cell = ref CellOf(position);
        cell.Value = value;
        Volatile.Write(ref cell.Content, (int)content); // Must be last: it publishes the value.
        _reader.Wake(position);
    }

    private ref Cell CellOf(long position) => ref _cells[position & (_cells.Length - 1)];

    private struct Cell
    {
        public TValue Value;
        public int Content;
    }
}
