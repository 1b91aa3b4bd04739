namespace AsyncKit.RabbitMQ;

#pragma warning disable CA1032, MA0015 // Internal: callers see its message in another exception.

/// <summary>Reports that the broker does not accept a message, and would not accept it again.</summary>
internal sealed class MessageRefusedException(string message, Exception inner) : Exception(message, inner);
