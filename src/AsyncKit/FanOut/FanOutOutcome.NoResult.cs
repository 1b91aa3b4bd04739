using System.Globalization;

namespace AsyncKit;

/// <summary>What became of one item of a fan-out whose operation has no result.</summary>
/// <typeparam name="T">The items.</typeparam>
public readonly record struct FanOutOutcome<T>
{
    internal FanOutOutcome(FanOutOutcome<T, Unit> outcome)
    {
        Index = outcome.Index;
        Item = outcome.Item;
        Kind = outcome.Kind;
        Exception = outcome.Exception;
        Attempts = outcome.Attempts;
        Duration = outcome.Duration;
    }

    /// <summary>The item's place in the source, from 0.</summary>
    public int Index { get; }

    /// <summary>The item.</summary>
    public T Item { get; }

    /// <summary>How it ended.</summary>
    public FanOutOutcomeKind Kind { get; }

    /// <summary>What the operation has thrown; null when the item succeeded or was not started.</summary>
    public Exception? Exception { get; }

    /// <summary>How often the operation was called; 0 when the item was not started.</summary>
    public int Attempts { get; }

    /// <summary>From the call of the operation to its end, by the clock of the options; zero when it was not
    /// started.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The index, how it ended, and the exception's message; never the item.</summary>
    /// <returns>A line for people.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"[{Index}] {Kind}{(Exception is null ? "" : ": " + Exception.Message)}");
}
