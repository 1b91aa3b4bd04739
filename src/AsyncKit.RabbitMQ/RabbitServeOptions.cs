using System.Diagnostics.CodeAnalysis;

namespace AsyncKit.RabbitMQ;

/// <summary>Represents the settings of a worker.</summary>
/// <remarks>Immutable. Each property validates its value when it is set.</remarks>
public sealed record RabbitServeOptions
{
    private const int MostDeliveries = 19; // RabbitMQ 4 drops a message after 20 returns.

    private static readonly TimeSpan LongestItem = TimeSpan.FromDays(24);

    /// <summary>Creates options whose properties have their defaults.</summary>
    public RabbitServeOptions()
    {
    }

    /// <summary>Creates options with a limit.</summary>
    /// <param name="maxConcurrency">The maximum number of items that run at the same time: 1 to 65,535.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is not in the range.</exception>
    [SetsRequiredMembers]
    public RabbitServeOptions(int maxConcurrency) =>
        MaxConcurrency = Guards.InRange(maxConcurrency, 1, ushort.MaxValue);

    /// <summary>The maximum number of items that run at the same time. The broker sends no more than
    /// that and <see cref="Lookahead"/>.</summary>
    /// <value>From 1 to 65,535. Required, without a default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public required int MaxConcurrency
    {
        get;
        init => field = Guards.InRange(value, 1, ushort.MaxValue, nameof(MaxConcurrency));
    }

    /// <summary>The number of items that the broker may send above <see cref="MaxConcurrency"/>, so that the next item
    /// is here while the broker confirms the replies of the last ones. It makes workers of short items faster.</summary>
    /// <value>From 0 to 65,535; the sum with <see cref="MaxConcurrency"/> ends at 65,535. The default is 0. So many items
    /// can wait in this process while another worker is idle, and run again if this process is killed: leave it at 0
    /// for items of 100 ms and longer.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int Lookahead
    {
        get;
        init => field = Guards.InRange(value, 0, ushort.MaxValue, nameof(Lookahead));
    }

    /// <summary>The number of deliveries after which an item that no worker acknowledged is not run again. The item
    /// goes to the dead-letter queue, and its caller gets an exception.</summary>
    /// <value>From 1 to 19, because RabbitMQ 4 drops a message after 20. The default is 5.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int MaxDeliveries
    {
        get;
        init => field = Guards.InRange(value, 1, MostDeliveries, nameof(MaxDeliveries));
    } = 5;

    /// <summary>The maximum time of an item. Then the operation's token is cancelled, and the caller gets a transient
    /// failure.</summary>
    /// <value>More than zero, up to 24 days. The default is 25 minutes. Keep it below the broker's
    /// <c>consumer_timeout</c>, which is 30 minutes by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ItemTimeout
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.FromTicks(1), LongestItem, nameof(ItemTimeout));
    } = TimeSpan.FromMinutes(25);

    /// <summary>The maximum time for running items to complete after the worker was stopped.</summary>
    /// <value>Zero to 24 days. The default is 30 s. Then the operations' token is cancelled, and their items go to
    /// other workers.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan DrainTimeout
    {
        get;
        init => field = Guards.InRange(value, TimeSpan.Zero, LongestItem, nameof(DrainTimeout));
    } = TimeSpan.FromSeconds(30);

    /// <summary>The most deliveries that are not acknowledged.</summary>
    internal ushort Prefetch => (ushort)Math.Min(MaxConcurrency + Lookahead, ushort.MaxValue);
}
