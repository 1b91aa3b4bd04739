using System.Numerics;

namespace AsyncKit;

/// <summary>
/// Results by index, stored by many workers at once, each index once. With the right <c>expected</c> count they go
/// straight into the array that is handed out; beyond it they go into chunks that double and never move.
/// </summary>
internal sealed class ResultBuffer<TResult>
{
    private const int SmallestFirst = 32;
    private const int LargestFirst = 1 << 20; // A count is only a hint, and an endless range has one too.

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
            var (chunk, offset) = Place(index);
            (Volatile.Read(ref _chunks[chunk]) ?? AddChunk(chunk))[offset] = result;
        }
    }

    /// <summary>The first <paramref name="count"/> results; called once, when nobody stores any more.</summary>
    public TResult[] ToArray(int count)
    {
        if (count == _first.Length)
        {
            return _first;
        }

        var all = new TResult[count];
        var done = Math.Min(count, _first.Length);
        Array.Copy(_first, all, done);
        for (var chunk = 0; done < count; chunk++)
        {
            var length = Math.Min(count - done, ChunkLength(chunk));
            Array.Copy(_chunks[chunk]!, 0, all, done, length);
            done += length;
        }

        return all;
    }

    private int ChunkLength(int chunk) => (int)Math.Min((long)_first.Length << chunk, Array.MaxLength);

    private (int Chunk, int Offset) Place(int index)
    {
        // Chunk k begins at first x (2^k - 1) beyond the first array.
        var beyond = index - _first.Length;
        var chunk = BitOperations.Log2((uint)(beyond / _first.Length) + 1);
        return (chunk, (int)(beyond - (((long)_first.Length << chunk) - _first.Length)));
    }

    private TResult[] AddChunk(int chunk)
    {
        lock (_chunks) // Not a race of two arrays, of which one is for nothing: the last is as large as all before it.
        {
            var added = _chunks[chunk] ?? new TResult[ChunkLength(chunk)];
            Volatile.Write(ref _chunks[chunk], added);
            return added;
        }
    }
}
