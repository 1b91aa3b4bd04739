using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>Represents the settings of a <see cref="RabbitRemote"/>.</summary>
/// <remarks>Immutable. Each property validates its value when it is set. No setting becomes an argument of an
/// operation's queue, so clients and workers may differ in them.</remarks>
public sealed record RabbitRemoteOptions
{
    private const int MostMessageBytes = 512 << 20;

    private static readonly TimeSpan ShortestExpiry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestExpiry = TimeSpan.FromDays(24);

    /// <summary>The maximum size of an item or a result, as JSON.</summary>
    /// <value>From 1 byte to 512 MiB. The default is 16 MiB, the limit of a RabbitMQ 4 broker. A larger item or result
    /// fails that item before it is published.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int MaxMessageBytes
    {
        get;
        init => field = Guards.InRange(value, 1, MostMessageBytes, nameof(MaxMessageBytes));
    } = 16 << 20;

    /// <summary>The maximum time for the broker to confirm a message. It ends the connection, which is then
    /// replaced.</summary>
    /// <value>More than zero, up to 49 days. The default is 30 s. It does not run while the broker blocks the
    /// connection because it is out of memory or disk space.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan PublishTimeout
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.FromTicks(1), Guards.MaxTimeout, nameof(PublishTimeout));
    } = TimeSpan.FromSeconds(30);

    /// <summary>The time after which the broker deletes the reply queue of a client that is gone.</summary>
    /// <value>From 1 s to 24 days. The default is 10 minutes. A client that is disconnected for longer publishes its
    /// unanswered items again.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ReplyQueueExpiry
    {
        get;
        init => field = Guards.InRange(value, ShortestExpiry, LongestExpiry, nameof(ReplyQueueExpiry));
    } = TimeSpan.FromMinutes(10);

    /// <summary>The delays before the attempts to replace a lost connection.</summary>
    /// <value>The default is an exponential backoff with jitter, from 50 ms to 5 s.</value>
    public Backoff ReconnectDelay { get; init; } =
        Backoff.Exponential(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));

    /// <summary>A callback that configures the connection, for example its client certificate.</summary>
    /// <value>The default is null. It runs once, after the URI was applied. The recovery of the client library stays
    /// off, and its consumers stay sequential.</value>
    public Action<ConnectionFactory>? Configure { get; init; }

    /// <summary>The name of this client or worker, in the broker's list of connections and in
    /// <see cref="RemoteOperationException.Worker"/>.</summary>
    /// <value>The default is null, for the machine name and the process id.</value>
    public string? ClientName { get; init; }

    /// <summary>The logger of lost connections, dead letters and drains that take too long.</summary>
    /// <value>The default is null, which disables logging. No message contains an item or the user info of the
    /// URI.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock of the timeouts and the backoff.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
