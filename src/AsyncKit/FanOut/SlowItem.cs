namespace AsyncKit;

/// <summary>An item of a fan-out that has run longer than <see cref="FanOutOptions.SlowItemThreshold"/> and still
/// runs.</summary>
/// <param name="Item">The item.</param>
/// <param name="Index">Its place in the source, from 0.</param>
/// <param name="Elapsed">Since the call of its operation.</param>
public readonly record struct SlowItem(object? Item, int Index, TimeSpan Elapsed);
