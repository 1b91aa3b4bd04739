using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>An item as the broker delivered it, and the channel on which it is acknowledged.</summary>
internal sealed class Delivery
{
    public Delivery(
        Link link, IChannel channel, ulong tag, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        Link = link;
        Channel = channel;
        Tag = tag;
        Id = properties.CorrelationId;
        ReplyTo = properties.ReplyTo;
        Headers = properties.Headers;
        Body = body.ToArray();
        Returns = Headers is not null && Headers.TryGetValue(Topology.DeliveryCountHeader, out var value)
            ? value switch { long count => count, int count => count, _ => 0 } // The broker sets a number.
            : 0;
    }

    public Link Link { get; }

    public IChannel Channel { get; }

    public ulong Tag { get; }

    /// <summary>Null for a message that no client of this package published.</summary>
    public string? Id { get; }

    public string? ReplyTo { get; }

    public IDictionary<string, object?>? Headers { get; }

    public byte[] Body { get; }

    /// <summary>How often the item was delivered before and not acknowledged.</summary>
    public long Returns { get; }

    /// <summary>Acknowledges the delivery on its own link, and never on a later one.</summary>
    public Task AcknowledgeAsync() => Link.SettleAsync(Channel, Tag, Settlement.Acknowledge);

    public Task ReturnAsync() => Link.SettleAsync(Channel, Tag, Settlement.Return);
}
