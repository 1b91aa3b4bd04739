namespace AsyncKit;

/// <summary>How a <see cref="TaskScope"/> runs its children. Immutable, checked when set; may be shared.</summary>
public sealed record TaskScopeOptions
{
    /// <summary>What happens when a child fails or succeeds.</summary>
    /// <value><see cref="TaskScopePolicy.CancelOnFirstFailure"/> by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public TaskScopePolicy Policy
    {
        get;
        init => field = Guards.Defined(value, nameof(Policy));
    }

    /// <summary>The most children that run at once; the others wait in the order in which they were added.</summary>
    /// <value>At least 1; null by default: every child starts at once.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? MaxConcurrency
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxConcurrency));
    }
}
