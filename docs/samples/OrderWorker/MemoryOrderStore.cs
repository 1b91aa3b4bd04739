namespace OrderWorker;

/// <summary>Stands in for a database.</summary>
internal sealed class MemoryOrderStore : IOrderStore
{
    public Task SaveAsync(Order order, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
}
