using System.Globalization;

namespace AsyncKit;

/// <summary>Represents the outcome of one item of a fan-out.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <typeparam name="TResult">The type of the results.</typeparam>
public readonly record struct FanOutOutcome<T, TResult>
{
    private readonly TResult _value;

    internal FanOutOutcome(
        long index,
        T item,
        FanOutOutcomeKind kind,
        TResult value = default!,
        Exception? exception = null,
        ItemState? state = null)
    {
        Index = ItemState.ShownIndex(index);
        Item = item;
        Kind = kind;
        Exception = exception;
        Attempts = state?.Attempts ?? 0;
        Duration = state?.Duration ?? TimeSpan.Zero;
        _value = value;
    }

    /// <summary>The index of the item in the source, from 0.</summary>
    public int Index { get; }

    /// <summary>The item.</summary>
    public T Item { get; }

    /// <summary>How the item completed.</summary>
    public FanOutOutcomeKind Kind { get; }

    /// <summary>The result.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Kind"/> is not
    /// <see cref="FanOutOutcomeKind.Succeeded"/>. The inner exception is that of the operation.</exception>
    public TResult Value => Kind == FanOutOutcomeKind.Succeeded
        ? _value
        : throw new InvalidOperationException(
            string.Create(
                CultureInfo.InvariantCulture, $"Value requires an item that succeeded; item {Index} is {Kind}."),
            Exception);

    /// <summary>The exception that the operation threw; null if the item succeeded or did not start.</summary>
    public Exception? Exception { get; }

    /// <summary>The number of calls of the operation; 0 if the item did not start.</summary>
    public int Attempts { get; }

    /// <summary>The time from the first call of the operation to its completion, by the clock of the options; zero if
    /// the item did not start.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Returns the index, the kind, and the value or the message of the exception, but not the item.</summary>
    /// <returns>A line for people to read.</returns>
    public override string ToString() => Kind == FanOutOutcomeKind.Succeeded
        ? string.Create(CultureInfo.InvariantCulture, $"[{Index}] {Kind}: {_value}")
        : ToStringWithoutValue();

    internal string ToStringWithoutValue() => string.Create(
        CultureInfo.InvariantCulture, $"[{Index}] {Kind}{(Exception is null ? "" : ": " + Exception.Message)}");
}

/// <summary>Represents the outcome of one item of a fan-out whose operation returns no result.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public readonly record struct FanOutOutcome<T>
{
    private readonly FanOutOutcome<T, Unit> _outcome;

    internal FanOutOutcome(FanOutOutcome<T, Unit> outcome) => _outcome = outcome;

    /// <inheritdoc cref="FanOutOutcome{T, TResult}.Index"/>
    public int Index => _outcome.Index;

    /// <inheritdoc cref="FanOutOutcome{T, TResult}.Item"/>
    public T Item => _outcome.Item;

    /// <inheritdoc cref="FanOutOutcome{T, TResult}.Kind"/>
    public FanOutOutcomeKind Kind => _outcome.Kind;

    /// <inheritdoc cref="FanOutOutcome{T, TResult}.Exception"/>
    public Exception? Exception => _outcome.Exception;

    /// <inheritdoc cref="FanOutOutcome{T, TResult}.Attempts"/>
    public int Attempts => _outcome.Attempts;

    /// <inheritdoc cref="FanOutOutcome{T, TResult}.Duration"/>
    public TimeSpan Duration => _outcome.Duration;

    /// <summary>Returns the index, the kind and the message of the exception, but not the item.</summary>
    /// <returns>A line for people to read.</returns>
    public override string ToString() => _outcome.ToStringWithoutValue();
}
