namespace AsyncKit;

/// <summary>What a fan-out does when an item fails.</summary>
public enum FailureMode
{
    /// <summary>
    /// The first failure cancels the token of the others; nothing new is started, what runs is awaited, and that first
    /// exception is thrown.
    /// </summary>
    StopAtFirst = 0,

    /// <summary>Every item runs; afterwards one <see cref="FanOutException"/> carries every failure.</summary>
    RunToEnd = 1,
}
