namespace AsyncKit.Http;

/// <summary>What becomes of a response that is none of success.</summary>
public enum HttpErrorStatus
{
    /// <summary>It fails its request with an <see cref="HttpRequestException"/> that has the status; the default.</summary>
    Throw,

    /// <summary>It is read as any other.</summary>
    Read,
}
