using System.Diagnostics.CodeAnalysis;

namespace AsyncKit.Hosting;

/// <summary>Represents the settings of a consumer. Immutable, and validated when set.</summary>
public sealed record FanOutConsumerOptions
{
    /// <summary>Creates options whose properties have their defaults.</summary>
    public FanOutConsumerOptions()
    {
    }

    /// <summary>Creates options with a limit.</summary>
    /// <param name="maxConcurrency">The maximum number of items that are handled at the same time. At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    [SetsRequiredMembers]
    public FanOutConsumerOptions(int maxConcurrency) => FanOut = new FanOutOptions(maxConcurrency);

    /// <summary>The limit, the timeout, the retries and the other settings of the fan-out.</summary>
    /// <value>Not null; required. <see cref="FanOutOptions.DrainToken"/> must not be set, because the host drains the
    /// consumer. <see cref="FanOutOptions.Order"/> must be <see cref="FanOutOrder.Source"/>, because a consumer returns
    /// no results. A <see cref="FanOutOptions.OnFailure"/> of null means <see cref="FailureMode.RunToEnd"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required FanOutOptions FanOut
    {
        get;
        init => field = Guards.NotNull(value, nameof(FanOut));
    }

    /// <summary>How long a scope of the container lasts.</summary>
    /// <value>The default is <see cref="ConsumerScope.PerItem"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enum.</exception>
    public ConsumerScope Scope
    {
        get;
        init => field = Guards.Defined(value, nameof(Scope));
    }

    /// <summary>The effect of a source that throws. With <see cref="FailureMode.StopAtFirst"/>, a failed item has the same
    /// effect.</summary>
    /// <value>The default is <see cref="WhenSourceFails.StopHost"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enum.</exception>
    public WhenSourceFails WhenSourceFails
    {
        get;
        init => field = Guards.Defined(value, nameof(WhenSourceFails));
    }

    /// <summary>The delay before each restart, with <see cref="WhenSourceFails.Restart"/>. It starts over after an item was
    /// handled.</summary>
    /// <value>The default is exponential with jitter, from 1 s to 1 min.</value>
    public Backoff RestartBackoff { get; init; } = Backoff.Exponential(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    /// <summary>How long handlers may continue after the shutdown timeout of the host has elapsed and their token was
    /// cancelled. Then they are abandoned.</summary>
    /// <value>Zero or more. The default is 3 s. <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan AbortTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(AbortTimeout));
    } = TimeSpan.FromSeconds(3);
}
