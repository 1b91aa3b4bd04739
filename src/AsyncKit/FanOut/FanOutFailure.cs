namespace AsyncKit;

/// <summary>Represents a failed item of a fan-out.</summary>
/// <param name="Index">The index of the item in the source, from 0.</param>
/// <param name="Item">The item.</param>
/// <param name="Exception">The exception that the operation threw.</param>
public readonly record struct FanOutFailure(int Index, object? Item, Exception Exception);
