using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit;

/// <summary>A file with the results of a run, so that a run that was killed continues where it stopped.</summary>
/// <remarks>
/// <para>
/// <see cref="RunJournalOperations.WithJournal{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, RunJournal, Func{T, string}, JsonTypeInfo{TResult})">WithJournal</see>
/// wraps an operation. The wrapped operation returns the result of an item whose key is in the file without calling the
/// operation. It calls the operation for any other item and writes the key and the result to the file before it returns
/// the result. A failure is not written: a later run calls the operation again.
/// </para>
/// <list type="bullet">
/// <item>A result is on the disk before the caller gets it. Results that arrive at the same time share one
/// flush.</item>
/// <item>A kill at any moment loses no result that a caller has. An operation that was in progress runs again, so it
/// must tolerate that.</item>
/// <item>A last line that was written partly is cut off. Any other damage is reported, and the file is not
/// changed.</item>
/// <item>One process at a time has a file open. A file that is not a journal is never changed.</item>
/// </list>
/// <para>
/// The file has one line of JSON for each item: its key and its result. Delete the file to start over, for example when
/// the operation or its results change.
/// </para>
/// <para>Cost: the keys stay in memory, the results stay in the file. A write costs one flush to the disk, on a
/// dedicated thread that exists while it is used.</para>
/// Thread-safe.
/// </remarks>
/// <example>
/// <code>
/// await using var journal = RunJournal.Open("prices.journal");
/// Func&lt;Uri, CancellationToken, Task&lt;Price&gt;&gt; load = LoadPriceAsync;
/// Price[] prices = await uris.FanOutAsync(
///     16, load.WithJournal(journal, uri => uri.AbsoluteUri, MyJson.Default.Price), cancellationToken);
/// </code>
/// </example>
public sealed class RunJournal : IAsyncDisposable
{
    private readonly JournalFile _file;

    private RunJournal(JournalFile file) => _file = file;

    /// <summary>The full path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>The number of items whose results are in the file.</summary>
    public int Count => _file.Count;

    /// <summary>Opens a journal, or creates it if the file does not exist or is empty. Reads the whole file once.</summary>
    /// <param name="path">The path of the file. Its folder must exist.</param>
    /// <returns>The journal. Dispose it after the run.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="InvalidDataException">The file is not a journal, or one of its lines is damaged. The message names
    /// the file and the line.</exception>
    /// <exception cref="IOException">The file cannot be opened, for example because another process has it
    /// open.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public static RunJournal Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new RunJournal(JournalFile.Open(System.IO.Path.GetFullPath(path)));
    }

    /// <summary>Waits for the writes in progress and closes the file. Operations that end later fail with an
    /// <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    /// <inheritdoc/>
    public override string ToString() => $"RunJournal: {Count} results in {Path}";

    /// <summary>Returns the result of the item from the file, or calls the operation and writes its result.</summary>
    internal async ValueTask<TResult> RunAsync<T, TResult>(
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        Func<T, string> key,
        JsonTypeInfo<TResult>? typeInfo, // Null for an operation without a result.
        T item,
        CancellationToken token)
    {
        var name = key(item) ?? throw new InvalidOperationException($"The key of a journal must not be null; the item was '{item}'.");
        if (await _file.TryReadAsync(name, token).NoContext() is { } known)
        {
            return typeInfo is null ? default! : Deserialize(known, name, typeInfo);
        }

        var result = await operation(item, token).NoContext();
        await _file.AppendAsync(name, JournalLine.Of(name, result, typeInfo)).NoContext();
        return result;
    }

    private TResult Deserialize<TResult>(ReadOnlyMemory<byte> json, string key, JsonTypeInfo<TResult> typeInfo)
    {
        try
        {
            return JsonSerializer.Deserialize(json.Span, typeInfo)!;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"The result of '{key}' in the journal '{Path}' is not a {typeof(TResult).Name}: {exception.Message} "
                + "Delete the file if the results have changed.",
                exception);
        }
    }
}
