namespace AsyncKit;

/// <summary>Specifies how an item of a fan-out completed.</summary>
public enum FanOutOutcomeKind
{
    /// <summary>The run stopped before the item started.</summary>
    NotStarted = 0,

    /// <summary>The operation completed without an exception.</summary>
    Succeeded = 1,

    /// <summary>The operation threw an exception.</summary>
    Failed = 2,

    /// <summary>The operation was cancelled by the cancellation of the run.</summary>
    Cancelled = 3,
}
