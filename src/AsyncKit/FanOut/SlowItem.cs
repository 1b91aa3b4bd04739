namespace AsyncKit;

/// <summary>Represents an item of a fan-out that is still running after
/// <see cref="FanOutOptions.SlowItemThreshold"/>.</summary>
/// <param name="Item">The item.</param>
/// <param name="Index">The index of the item in the source, from 0.</param>
/// <param name="Elapsed">The time since the first call of its operation.</param>
public readonly record struct SlowItem(object? Item, int Index, TimeSpan Elapsed);
