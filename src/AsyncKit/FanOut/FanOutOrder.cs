namespace AsyncKit;

/// <summary>In which order a stream hands out what has finished.</summary>
public enum FanOutOrder
{
    /// <summary>The order of the source: what has finished early waits for what comes before it.</summary>
    Source = 0,

    /// <summary>The order in which the items finish.</summary>
    Completion = 1,
}
