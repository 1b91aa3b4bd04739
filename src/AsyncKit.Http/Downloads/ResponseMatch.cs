namespace AsyncKit.Http;

/// <summary>Specifies how a response relates to the partial file.</summary>
internal enum ResponseMatch
{
    /// <summary>The body is the whole file.</summary>
    Whole,

    /// <summary>The body continues the partial file.</summary>
    Rest,

    /// <summary>The partial file already has all bytes.</summary>
    Complete,

    /// <summary>The response does not match the partial file. The download must request the whole file.</summary>
    Unusable,
}
