namespace AsyncKit.Hosting;

/// <summary>Handles the items of a consumer.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IFanOutHandler<in T>
{
    /// <summary>Handles one item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">The token that is cancelled if the shutdown takes too long or the run stops.</param>
    /// <returns>A task that completes when the item is handled. An exception is a failure of the item.</returns>
    ValueTask HandleAsync(T item, CancellationToken cancellationToken = default);
}
