namespace AsyncKit.Http;

/// <summary>What a response means for a download.</summary>
internal enum ResponseMatch
{
    /// <summary>Its body is the whole file, from the start.</summary>
    Whole,

    /// <summary>Its body goes on where the part ends.</summary>
    Rest,

    /// <summary>The part has all bytes already.</summary>
    Complete,

    /// <summary>It does not fit what is there: the whole must be asked for.</summary>
    Unusable,
}
