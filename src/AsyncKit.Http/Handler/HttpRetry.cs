namespace AsyncKit.Http;

/// <summary>Specifies whether a request may be retried.</summary>
public enum HttpRetry
{
    /// <summary>Retries the request if its method is in <see cref="AsyncKitHttpOptions.RetriedMethods"/>. This is the
    /// default.</summary>
    ByMethod,

    /// <summary>Retries the request with any method. Use it if sending the request twice has the same effect as sending
    /// it once, for example because the server recognizes it by an idempotency key.</summary>
    Allowed,

    /// <summary>Sends the request once.</summary>
    Never,
}
