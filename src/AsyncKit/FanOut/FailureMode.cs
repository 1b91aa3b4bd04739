namespace AsyncKit;

/// <summary>Specifies the effect of a failed item on the other items of a fan-out.</summary>
public enum FailureMode
{
    /// <summary>
    /// The first failure cancels the token of the other operations and starts no further item. When the operations in
    /// flight have completed, that first exception is thrown.
    /// </summary>
    StopAtFirst = 0,

    /// <summary>Every item runs. Then one <see cref="FanOutException"/> with every failure is thrown.</summary>
    RunToEnd = 1,
}
