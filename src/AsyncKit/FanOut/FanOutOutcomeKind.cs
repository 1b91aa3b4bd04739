namespace AsyncKit;

/// <summary>How an item of a fan-out ended.</summary>
public enum FanOutOutcomeKind
{
    /// <summary>The run stopped before the item was started.</summary>
    NotStarted = 0,

    /// <summary>The operation has ended without an exception.</summary>
    Succeeded = 1,

    /// <summary>The operation has thrown.</summary>
    Failed = 2,

    /// <summary>The operation ended with the cancellation of the run.</summary>
    Cancelled = 3,
}
