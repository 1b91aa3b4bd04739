using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace AsyncKit.RabbitMQ;

/// <summary>A consumer whose callbacks complete synchronously. A callback copies the body: the client reuses its
/// memory.</summary>
/// <param name="channel">The channel of the consumer.</param>
/// <param name="onDelivery">Receives the delivery tag, the properties and the body.</param>
/// <param name="onCancelled">Called when the broker cancels the consumer, for example because its queue was
/// deleted.</param>
internal sealed class Consumer(
    IChannel channel, Action<ulong, IReadOnlyBasicProperties, ReadOnlyMemory<byte>> onDelivery, Action onCancelled)
    : IAsyncBasicConsumer
{
    public IChannel? Channel => channel;

    public Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        onDelivery(deliveryTag, properties, body);
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        onCancelled();
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default) =>
        Task.CompletedTask;

    public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) =>
        Task.CompletedTask;

    public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => Task.CompletedTask;
}
