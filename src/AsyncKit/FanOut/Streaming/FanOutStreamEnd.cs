namespace AsyncKit;

/// <summary>What a stream throws at its end.</summary>
internal enum FanOutStreamEnd
{
    /// <summary>Everything that the run has ended with.</summary>
    AllErrors,

    /// <summary>Only the failure of the source and the cancellation: the items' are outcomes.</summary>
    RunErrors,
}
