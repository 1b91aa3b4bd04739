namespace AsyncKit.RabbitMQ;

/// <summary>The reply of a worker: the result or a failure, as JSON.</summary>
internal readonly record struct Reply(bool IsFault, byte[] Body);
