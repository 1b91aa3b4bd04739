namespace AsyncKit;

/// <summary>Options of an <see cref="AsyncLazy{T}"/>. Immutable; may be shared.</summary>
public sealed record AsyncLazyOptions
{
    /// <summary>Whether a failure is kept like a value: every later call throws it, until
    /// <see cref="AsyncLazy{T}.Reset"/>.</summary>
    /// <value>The default is false: the next call runs the factory again.</value>
    public bool CacheFailures { get; init; }
}
