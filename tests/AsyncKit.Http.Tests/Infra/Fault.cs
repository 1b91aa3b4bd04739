namespace AsyncKit.Http.Tests;

/// <summary>What a server does to a request.</summary>
public enum Fault
{
    None,

    /// <summary>503 with Retry-After in seconds.</summary>
    BusySeconds,

    /// <summary>503 with Retry-After as a date.</summary>
    BusyDate,

    ResetBeforeHeaders,

    ResetInBody,

    /// <summary>Sends nothing more after a part of the body.</summary>
    Stall,

    /// <summary>Names a Content-Length that is longer than the body.</summary>
    WrongLength,

    /// <summary>From now on there is another version of the file, with another ETag.</summary>
    NewVersion,

    /// <summary>Answers 200 to a Range.</summary>
    IgnoredRange,

    /// <summary>Without a length.</summary>
    Chunked,

    /// <summary>Without a length, and reset in the body.</summary>
    ChunkedReset,

    /// <summary>Compressed, whatever was asked for.</summary>
    Gzip,

    /// <summary>404.</summary>
    Missing,
}
