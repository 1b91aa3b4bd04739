using System.Globalization;

namespace AsyncKit;

/// <summary>What became of one item of a fan-out.</summary>
/// <typeparam name="T">The items.</typeparam>
/// <typeparam name="TResult">The results.</typeparam>
public readonly record struct FanOutOutcome<T, TResult>
{
    private readonly TResult _value;

    internal FanOutOutcome(
        long index,
        T item,
        FanOutOutcomeKind kind,
        TResult value = default!,
        Exception? exception = null,
        ItemState? slot = null)
    {
        Index = ItemState.ShownIndex(index);
        Item = item;
        Kind = kind;
        Exception = exception;
        Attempts = slot?.Attempts ?? 0;
        Duration = slot?.Duration ?? TimeSpan.Zero;
        _value = value;
    }

    /// <summary>The item's place in the source, from 0.</summary>
    public int Index { get; }

    /// <summary>The item.</summary>
    public T Item { get; }

    /// <summary>How it ended.</summary>
    public FanOutOutcomeKind Kind { get; }

    /// <summary>The result.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Kind"/> is not
    /// <see cref="FanOutOutcomeKind.Succeeded"/>. The exception of the operation is the inner one.</exception>
    public TResult Value => Kind == FanOutOutcomeKind.Succeeded
        ? _value
        : throw new InvalidOperationException(
            string.Create(CultureInfo.InvariantCulture, $"Item {Index} has no value: it is {Kind}."), Exception);

    /// <summary>What the operation has thrown; null when the item succeeded or was not started.</summary>
    public Exception? Exception { get; }

    /// <summary>How often the operation was called; 0 when the item was not started.</summary>
    public int Attempts { get; }

    /// <summary>From the call of the operation to its end, by the clock of the options; zero when it was not
    /// started.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The index, how it ended, and the value or the exception's message; never the item.</summary>
    /// <returns>A line for people.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Index}] {Kind}{Detail()}");

    private string Detail() => Kind == FanOutOutcomeKind.Succeeded
        ? string.Create(CultureInfo.InvariantCulture, $": {_value}")
        : Exception is null ? "" : ": " + Exception.Message;
}
