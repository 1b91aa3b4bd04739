using System.Numerics;

namespace AsyncKit;

/// <summary>Stores results by index, written by many workers at once without a lock.</summary>
/// <remarks>
/// With a known count the results go straight into the returned array. Otherwise the first array grows by chunks that
/// double in size and never move, and the results are copied once, at the end.
/// <para>
/// Invariants:
/// (1) Each index is stored once.
/// (2) An array or chunk never moves, so a write never goes to memory that was already copied.
/// </para>
/// </remarks>
internal sealed class ResultBuffer<TResult>
{
    private const int SmallestFirst = 32;
    private const int LargestFirst = 1 << 20; // An expected count is only a hint, and an endless range has one too.

    private readonly TResult[] _first;
    private readonly TResult[]?[] _chunks;

    public ResultBuffer(int count)
    {
        _first = new TResult[count];
        _chunks = [];
    }

    public ResultBuffer(int? expected)
    {
        _first = new TResult[Math.Clamp(expected ?? 0, SmallestFirst, LargestFirst)];
        _chunks = new TResult[]?[32];
    }

    public void Store(int index, TResult result)
    {
        var first = _first;
        if ((uint)index < (uint)first.Length)
        {
            first[index] = result;
        }
        else
        {
            // Chunk k starts at first * (2^k - 1) beyond the first array.
            var beyond = index - first.Length;
            var chunk = BitOperations.Log2((uint)(beyond / first.Length) + 1);
            var start = ((long)first.Length << chunk) - first.Length;
            (Volatile.Read(ref _chunks[chunk]) ?? AddChunk(chunk))[beyond - start] = result;
        }
    }

    /// <summary>Returns the first <paramref name="count"/> results; called once, after the last store.</summary>
    public TResult[] ToArray(int count)
    {
        if (count == _first.Length)
        {
            return _first;
        }

        var all = new TResult[count];
        var copied = Math.Min(count, _first.Length);
        Array.Copy(_first, all, copied);
        for (var chunk = 0; copied < count; chunk++)
        {
            var length = Math.Min(count - copied, ChunkLength(chunk));
            Array.Copy(_chunks[chunk]!, 0, all, copied, length);
            copied += length;
        }

        return all;
    }

    private int ChunkLength(int chunk) => (int)Math.Min((long)_first.Length << chunk, Array.MaxLength);

    private TResult[] AddChunk(int chunk)
    {
        lock (_chunks) // Without it two workers could both allocate the chunk, which is as large as all before it.
        {
            var added = _chunks[chunk] ?? new TResult[ChunkLength(chunk)];
            Volatile.Write(ref _chunks[chunk], added);
            return added;
        }
    }
}
