namespace OrderWorker;

/// <summary>Stores orders.</summary>
internal interface IOrderStore
{
    Task SaveAsync(Order order, CancellationToken cancellationToken);
}
