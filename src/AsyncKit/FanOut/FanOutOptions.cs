namespace AsyncKit;

/// <summary>
/// How a fan-out runs. Immutable, checked when set: a wrong value throws where it is written, not where it is used.
/// One object may be shared by any number of fan-outs.
/// </summary>
public sealed record FanOutOptions
{
    /// <summary>The most operations that run at the same time.</summary>
    /// <value>At least 1; no default. <see cref="int.MaxValue"/> means unbounded, on purpose.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public required int MaxConcurrency
    {
        get;
        init => field = FanOut.CheckLimit(value, nameof(MaxConcurrency));
    }

    /// <summary>What happens to the rest when an item fails.</summary>
    /// <value><see cref="FailureMode.StopAtFirst"/> by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public FailureMode OnFailure
    {
        get;
        init => field = value is FailureMode.StopAtFirst or FailureMode.RunToEnd
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(OnFailure), value, "OnFailure must be FailureMode.StopAtFirst or FailureMode.RunToEnd.");
    }

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = value
            ?? throw new ArgumentNullException(nameof(TimeProvider), "TimeProvider must not be null.");
    } = TimeProvider.System;
}
