using AsyncKit.Hosting;

namespace OrderWorker;

/// <summary>Stores an order. An exception is retried and logged by the consumer.</summary>
internal sealed class OrderHandler(IOrderStore store, OrderCount count) : IFanOutHandler<Order>
{
    public async ValueTask HandleAsync(Order item, CancellationToken cancellationToken = default)
    {
        await store.SaveAsync(item, cancellationToken);
        count.Increment();
        item.SetStored();
    }
}
