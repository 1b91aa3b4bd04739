namespace AsyncKit.RabbitMQ;

#pragma warning disable CA1032, MA0015 // Internal: it ends one use of a link and never reaches a user.

/// <summary>Ends the use of a link that is over. The next link repeats what was not confirmed.</summary>
internal sealed class LinkLostException(string message, Exception? inner = null) : Exception(message, inner);
