namespace AsyncKit.Http.Tests;

/// <summary>Specifies how the server mishandles a request.</summary>
public enum Fault
{
    None,

    /// <summary>Returns 503 with Retry-After in seconds.</summary>
    BusySeconds,

    /// <summary>Returns 503 with Retry-After as a date.</summary>
    BusyDate,

    ResetBeforeHeaders,

    ResetInBody,

    /// <summary>Stalls in the body.</summary>
    Stall,

    /// <summary>Sends a Content-Length that is greater than the body.</summary>
    WrongLength,

    /// <summary>Replaces the file with another version, which has another ETag.</summary>
    NewVersion,

    /// <summary>Returns 200 to a request with a Range.</summary>
    IgnoredRange,

    /// <summary>Sends no length.</summary>
    Chunked,

    /// <summary>Sends no length, and resets in the body.</summary>
    ChunkedReset,

    /// <summary>Compresses the body, regardless of the request.</summary>
    Gzip,

    /// <summary>Returns 404.</summary>
    Missing,
}
