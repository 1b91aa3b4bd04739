namespace AsyncKit;

/// <summary>
/// How a <see cref="ConcurrencyGate"/> finds its limit: up by one for each round of successes while the gate is full, down
/// at once when an operation was throttled. Immutable; may be shared by any number of gates.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>The limit rises only on success under load, while the gate is full. Until the first throttling it doubles in each
/// round, then it rises by one.</item>
/// <item>The limit falls when an operation was throttled: to DecreaseTo of what it was, and to half if it had not risen since
/// it fell before.</item>
/// <item>A burst counts once: what was started before the limit fell is not asked, nor, during the Cooldown, anything
/// throttled.</item>
/// <item>Ignored changes nothing, and the limit never leaves Min to Max.</item>
/// </list>
/// </remarks>
public sealed record AdaptiveLimit
{
    /// <summary>Between two limits.</summary>
    /// <param name="min">The lowest limit: at least 1.</param>
    /// <param name="max">The highest limit: from <paramref name="min"/> to 100,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is not in its range.</exception>
    public AdaptiveLimit(int min, int max)
    {
        Min = Guards.InRange(min, 1, PermitQueue.MostPermits);
        Max = Guards.InRange(max, min, PermitQueue.MostPermits);
        Start = min;
    }

    /// <summary>The lowest limit.</summary>
    public int Min { get; }

    /// <summary>The highest limit.</summary>
    public int Max { get; }

    /// <summary>The limit to begin with.</summary>
    /// <value>From <see cref="Min"/>, the default, to <see cref="Max"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int Start
    {
        get;
        init => field = Guards.InRange(value, Min, Max, nameof(Start));
    }

    /// <summary>What part of the limit is left when an operation was throttled.</summary>
    /// <value>From 0.1 to 0.99; 0.9 by default. The larger, the less is lost when there was one too many; the smaller, the
    /// sooner a server that has become slow is left alone.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public double DecreaseTo
    {
        get;
        init => field = Guards.InRange(value, 0.1, 0.99, nameof(DecreaseTo));
    } = 0.9;

    /// <summary>For how long the limit does not fall again.</summary>
    /// <value>Zero or more. Zero, the default, is right for a server that turns away what is too much at one moment; for
    /// one that counts requests per time, take that time.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan Cooldown
    {
        get;
        init => field = Guards.AtLeast(value, TimeSpan.Zero, nameof(Cooldown));
    }
}
