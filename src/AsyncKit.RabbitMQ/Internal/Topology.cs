using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>The names and declarations of queues and exchanges. Clients and workers declare the same, so either may
/// start first.</summary>
internal static class Topology
{
    public const string CancelExchange = "asynckit.cancel";
    public const string VersionHeader = "asynckit-version";
    public const string DeliveryCountHeader = "x-delivery-count";
    public const string Version = "1";
    public const string ItemType = "item";
    public const string ResultType = "result";
    public const string FaultType = "fault";

    private const string Prefix = "asynckit.";
    private const string DeadSuffix = ".dead";
    private const int MostCharacters = 200;

    public static string CheckName(string name)
    {
        _ = Guards.NotNull(name);
        return name.Length is > 0 and <= MostCharacters
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_')
            && !name.EndsWith(DeadSuffix, StringComparison.Ordinal)
            ? name
            : throw new ArgumentException(
                $"name must have 1 to {MostCharacters} ASCII letters, digits, dots, dashes or underscores and not end in "
                    + $"{DeadSuffix}; it was \"{name}\".",
                nameof(name));
    }

    public static string QueueOf(string operation) => Prefix + operation;

    public static string DeadQueueOf(string operation) => QueueOf(operation) + DeadSuffix;

    public static string NewReplyQueue() => $"{Prefix}reply.{Guid.NewGuid():N}";

    /// <summary>Declares a durable quorum queue without further arguments, so no change of an option conflicts with a
    /// queue that exists.</summary>
    public static Task DeclareWorkAsync(IChannel channel, string queue) => channel.QueueDeclareAsync(
        queue,
        durable: true,
        exclusive: false,
        autoDelete: false,
        new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" });

    /// <summary>Declares a queue that survives a lost connection and a restart of the broker.</summary>
    public static Task DeclareRepliesAsync(IChannel channel, string queue, TimeSpan expiry) => channel.QueueDeclareAsync(
        queue,
        durable: true,
        exclusive: false,
        autoDelete: false,
        new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "classic",
            ["x-expires"] = (long)expiry.TotalMilliseconds,
        });

    public static Task DeclareCancelExchangeAsync(IChannel channel) =>
        channel.ExchangeDeclareAsync(CancelExchange, ExchangeType.Fanout, durable: true, autoDelete: false);

    public static BasicProperties NewProperties(string id, string type) => new()
    {
        CorrelationId = id,
        Type = type,
        Persistent = true,
        ContentType = "application/json",
        Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [VersionHeader] = Version },
    };
}
