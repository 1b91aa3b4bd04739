namespace AsyncKit;

/// <summary>An item that failed, and with what.</summary>
/// <param name="Index">The item's position in the source, from 0.</param>
/// <param name="Item">The item itself.</param>
/// <param name="Exception">What the operation threw.</param>
public readonly record struct FanOutFailure(int Index, object? Item, Exception Exception);
