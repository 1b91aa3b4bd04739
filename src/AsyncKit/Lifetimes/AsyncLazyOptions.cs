namespace AsyncKit;

/// <summary>How an <see cref="AsyncLazy{T}"/> behaves. Immutable; may be shared.</summary>
public sealed record AsyncLazyOptions
{
    /// <summary>Whether a failure is kept like a value: then every later call throws it, until a reset.</summary>
    /// <value>False by default: the next call runs the factory again.</value>
    public bool CacheFailures { get; init; }
}
