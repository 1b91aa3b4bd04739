namespace AsyncKit;

/// <summary>Represents the settings of a <see cref="FanOutQueue{T}"/>. Immutable.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed record FanOutQueueOptions<T>
{
    /// <summary>The comparer that decides whether an item was added before. <see cref="FanOutQueue{T}.Add"/> ignores
    /// such an item and returns false.</summary>
    /// <value>The default, null, accepts every item. <see cref="EqualityComparer{T}.Default"/> compares the items by
    /// their own equality.</value>
    /// <remarks>The queue keeps every distinct item, even after it ended. It calls the comparer under its lock, so the
    /// comparer must not use the queue.</remarks>
    public IEqualityComparer<T>? Distinct { get; init; }
}
