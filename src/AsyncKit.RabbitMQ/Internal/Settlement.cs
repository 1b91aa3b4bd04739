namespace AsyncKit.RabbitMQ;

/// <summary>How a delivery ends.</summary>
internal enum Settlement
{
    /// <summary>The broker deletes the message.</summary>
    Acknowledge,

    /// <summary>The broker delivers the message to another consumer.</summary>
    Return,
}
