using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit;

/// <summary>The file of a <see cref="RunJournal"/>: an index of its lines, and one writer at a time.</summary>
/// <remarks>
/// Invariants:
/// (1) The first <c>_length</c> bytes are whole lines that are on the disk. A write starts at <c>_length</c>, which moves
/// only after the flush. The rest of a failed write is cut off before the next one.
/// (2) A line is in the index only if it is within <c>_length</c>.
/// (3) A call that adds a line and finds <c>_isWriting</c> false sets it and starts the writer, which resets it under the
/// lock only if no line is left. So each line has a writer.
/// (4) Completions run outside the lock.
/// </remarks>
internal sealed class JournalFile : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Offset, int Length)> _index = new(StringComparer.Ordinal);
    private readonly SafeFileHandle _handle;
    private readonly BlockingLane _lane = new(1);
    private List<Line> _pending = [];
    private Task _writing = Task.CompletedTask;
    private long _length;
    private bool _mustTruncate; // Used by the writer only.
    private bool _isWriting;
    private bool _isDisposed;

    private JournalFile(string path, SafeFileHandle handle) => (Path, _handle) = (path, handle);

    public string Path { get; }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _index.Count;
            }
        }
    }

    public static JournalFile Open(string path)
    {
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var file = new JournalFile(path, handle);
        try
        {
            file.Load();
            return file;
        }
        catch (Exception)
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Returns the JSON of a result, empty for an operation without one; null if the key is not in the
    /// file.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> TryReadAsync(string key, CancellationToken token)
    {
        (long Offset, int Length) place;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RunJournal));
            if (!_index.TryGetValue(key, out place))
            {
                return null;
            }
        }

        var json = new byte[place.Length];
        for (var count = 0; count < json.Length;)
        {
            var read = await RandomAccess.ReadAsync(_handle, json.AsMemory(count), place.Offset + count, token).NoContext();
            count += read > 0 ? read : throw new InvalidDataException($"The journal '{Path}' became shorter while it was open.");
        }

        return json;
    }

    /// <summary>Completes when the line is on the disk.</summary>
    public Task AppendAsync(string key, byte[] bytes)
    {
        _ = JournalLine.Parse(bytes, out var start, out var length); // Before the writer, which must not throw.
        var line = new Line(key, bytes, start, length, AsyncEnvironment.NewCompletion<Exception?>());
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RunJournal));
            _pending.Add(line);
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = _lane.RunAsync(WriteAll, CancellationToken.None);
            }
        }

        return WaitAsync();

        async Task WaitAsync()
        {
            if (await line.Completion.Task.NoContext() is { } failure)
            {
                // Keeps the HResult, so that it is not transient: a retry would run the operation again.
                throw new IOException($"The result of '{key}' could not be written to the journal '{Path}': {failure.Message}", failure)
                {
                    HResult = failure.HResult,
                };
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_lock)
        {
            _isDisposed = true;
            writing = _writing;
        }

        await writing.NoThrow();
        await _lane.DisposeAsync().NoContext();
        _handle.Dispose();
    }

    private void WriteAll()
    {
        while (true)
        {
            List<Line> lines;
            lock (_lock)
            {
                if (_pending.Count == 0)
                {
                    _isWriting = false;
                    return;
                }

                (lines, _pending) = (_pending, []);
            }

            var failure = TryWrite(lines);
            foreach (var line in lines)
            {
                AsyncEnvironment.Complete(line.Completion, failure);
            }
        }
    }

    private Exception? TryWrite(List<Line> lines)
    {
        try
        {
            if (_mustTruncate)
            {
                RandomAccess.SetLength(_handle, _length); // A shorter write would leave the rest of the failed one.
            }

            _mustTruncate = true;
            RandomAccess.Write(_handle, [.. lines.Select(line => (ReadOnlyMemory<byte>)line.Bytes)], _length);
            RandomAccess.FlushToDisk(_handle);
            _mustTruncate = false;
        }
        catch (Exception exception)
        {
            return exception;
        }

        lock (_lock)
        {
            foreach (var line in lines)
            {
                Add(line.Key, line.Start, line.Length, line.Bytes.Length);
            }
        }

        return null;
    }

    /// <summary>Adds a whole line at the end. The caller holds the lock, or is the only one.</summary>
    private void Add(string key, int start, int length, int lineLength)
    {
        _ = _index.TryAdd(key, (_length + start, length)); // Of two lines with the same key, the first one counts.
        _length += lineLength;
    }

    private void Load()
    {
        var buffer = new byte[64 * 1024];
        var (count, number) = (0, 0);
        while (true)
        {
            if (count == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2); // A line is longer than the buffer.
            }

            var read = RandomAccess.Read(_handle, buffer.AsSpan(count), _length + count);
            var rest = buffer.AsSpan(0, count += read);
            for (int end; (end = rest.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
            {
                AddLoaded(rest[..(end + 1)], ++number);
            }

            count = rest.Length;
            if (read == 0)
            {
                Finish(rest, number);
                return;
            }

            rest.CopyTo(buffer);
        }
    }

    private void AddLoaded(ReadOnlySpan<byte> line, int number)
    {
        if (number == 1)
        {
            _length = line.SequenceEqual(JournalLine.Header) ? line.Length : throw NotJournal();
            return;
        }

        try
        {
            Add(JournalLine.Parse(line, out var start, out var length), start, length, line.Length);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"Line {number} of the journal '{Path}' is damaged: {exception.Message} The file was not changed. "
                + "Without that line, its item runs again.",
                exception);
        }
    }

    /// <summary>Writes the header of a new file, or cuts off a line that was written partly.</summary>
    private void Finish(ReadOnlySpan<byte> rest, int lines)
    {
        if (lines > 0)
        {
            if (rest.Length > 0)
            {
                RandomAccess.SetLength(_handle, _length);
            }

            return;
        }

        if (!JournalLine.Header.StartsWith(rest))
        {
            throw NotJournal();
        }

        RandomAccess.Write(_handle, JournalLine.Header, fileOffset: 0);
        _length = JournalLine.Header.Length;
    }

    private InvalidDataException NotJournal() =>
        new($"'{Path}' is not a journal of AsyncKit. It was not changed; use another path.");

    /// <param name="Key">The key of the item.</param>
    /// <param name="Bytes">The line with its line feed.</param>
    /// <param name="Start">The place of the result in it.</param>
    /// <param name="Length">The length of the result.</param>
    /// <param name="Completion">Completes when the line is on the disk, or with why it is not.</param>
    private readonly record struct Line(
        string Key, byte[] Bytes, int Start, int Length, TaskCompletionSource<Exception?> Completion);
}
