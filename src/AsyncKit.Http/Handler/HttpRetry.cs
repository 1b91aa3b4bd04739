namespace AsyncKit.Http;

/// <summary>Whether a request may be sent again.</summary>
public enum HttpRetry
{
    /// <summary>If its method is one of <see cref="AsyncKitHttpOptions.RetriedMethods"/>; the default.</summary>
    ByMethod,

    /// <summary>Whatever its method: to send it twice does the same as to send it once, for example because it carries a key
    /// by which the server knows it again.</summary>
    Allowed,

    /// <summary>Not at all.</summary>
    Never,
}
