using System.Collections.Concurrent;

namespace AsyncKit.Tests;

/// <summary>Records where each piece of user code runs: on a <see cref="Ui"/>, on a thread of a lane, or on the thread
/// pool without a SynchronizationContext.</summary>
internal sealed class Places(Ui ui)
{
    public const string OnUi = "ui";
    public const string OnPool = "pool";
    public const string OnLane = "lane";

    private readonly ConcurrentQueue<(string Code, string Place)> _notes = [];

    public IReadOnlyList<string> Codes => [.. _notes.Select(note => note.Code)];

    public void Note(string code) => _notes.Enqueue((code, Here()));

    /// <summary>Notes where a function is called, and returns its result.</summary>
    public T Note<T>(string code, T result)
    {
        Note(code);
        return result;
    }

    /// <summary>Notes where a function is called, and completes on another thread.</summary>
    public async Task NoteAndLeaveAsync(string code, CancellationToken token = default)
    {
        Note(code);
        await Task.Delay(1, token).ConfigureAwait(false);
    }

    /// <summary>Asserts that these pieces of code ran, and each of them only in this place.</summary>
    public void AssertAll(string place, params string[] codes)
    {
        Assert.Equal(codes.Order(StringComparer.Ordinal), Codes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.All(_notes, note => Assert.Equal((note.Code, place), note));
    }

    /// <summary>Asserts the place of one piece of code.</summary>
    public void AssertOne(string code, string place)
    {
        var places = _notes.Where(note => string.Equals(note.Code, code, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(places);
        Assert.All(places, note => Assert.Equal((code, place), note));
    }

    private string Here() => ui.IsHere ? OnUi
        : Lanes.ThreadName().StartsWith("AsyncKit:", StringComparison.Ordinal) ? OnLane
        : Thread.CurrentThread.IsThreadPoolThread && SynchronizationContext.Current is null ? OnPool
        : $"thread '{Lanes.ThreadName()}' with {SynchronizationContext.Current}";
}
