namespace AsyncKit;

/// <summary>
/// Describes how a <see cref="ConcurrencyGate"/> adapts its limit: it increases the limit after successes while the
/// gate is full, and decreases it after a throttled operation. Immutable; any number of gates may share one.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>The limit increases only on success under load, while the gate is full. Until the first throttling it doubles
/// in each round, then it increases by one per round.</item>
/// <item>A throttled operation decreases the limit to the fraction DecreaseTo. If the limit did not increase since the
/// last decrease, it is halved instead.</item>
/// <item>A burst of throttling counts once. Leases acquired before the decrease are ignored, and so is all throttling
/// during the Cooldown.</item>
/// <item>Ignored changes nothing, and the limit always stays between Min and Max.</item>
/// </list>
/// </remarks>
public sealed record AdaptiveLimit
{
    /// <summary>Creates a limit that stays within a range.</summary>
    /// <param name="min">The lowest limit: at least 1.</param>
    /// <param name="max">The highest limit: from <paramref name="min"/> to 100,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of range.</exception>
    public AdaptiveLimit(int min, int max)
    {
        Min = Guards.InRange(min, 1, PermitQueue.MaxPermits);
        Max = Guards.InRange(max, min, PermitQueue.MaxPermits);
        Start = min;
    }

    /// <summary>The lowest limit.</summary>
    public int Min { get; }

    /// <summary>The highest limit.</summary>
    public int Max { get; }

    /// <summary>The initial limit.</summary>
    /// <value>From <see cref="Min"/> to <see cref="Max"/>. The default is <see cref="Min"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Start
    {
        get;
        init => field = Guards.InRange(value, Min, Max, nameof(Start));
    }

    /// <summary>The fraction of the limit that remains after a throttled operation.</summary>
    /// <value>From 0.1 to 0.99. The default is 0.9. A larger value loses less throughput if the limit was slightly too
    /// high; a smaller value relieves an overloaded server sooner.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double DecreaseTo
    {
        get;
        init => field = Guards.InRange(value, 0.1, 0.99, nameof(DecreaseTo));
    } = 0.9;

    /// <summary>The time after a decrease in which the limit does not decrease again.</summary>
    /// <value>Zero or more. The default is zero, which suits a server that limits concurrent requests. For a server
    /// that limits requests per time window, use the length of the window.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan Cooldown
    {
        get;
        init => field = Guards.AtLeast(value, TimeSpan.Zero, nameof(Cooldown));
    }
}
