namespace AsyncKit;

/// <summary>Options of a <see cref="TaskScope"/>. Immutable, validated when set; may be shared.</summary>
public sealed record TaskScopeOptions
{
    /// <summary>Specifies how the outcome of a child affects the other children and the join.</summary>
    /// <value>The default is <see cref="TaskScopePolicy.CancelOnFirstFailure"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enumeration.</exception>
    public TaskScopePolicy Policy
    {
        get;
        init => field = Guards.Defined(value, nameof(Policy));
    }

    /// <summary>The maximum number of children that run at a time. Further children wait, in the order in which they
    /// were added.</summary>
    /// <value>At least 1, or null for no limit. The default is null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? MaxConcurrency
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxConcurrency));
    }
}
