namespace AsyncKit.Http;

/// <summary>Specifies how a response with a non-success status code is handled.</summary>
public enum HttpErrorStatus
{
    /// <summary>Fails the request with an <see cref="HttpRequestException"/> that contains the status code. This is the
    /// default.</summary>
    Throw,

    /// <summary>Reads the response like any other.</summary>
    Read,
}
