namespace AsyncKit;

/// <summary>Specifies the order in which a stream yields its results or outcomes.</summary>
public enum FanOutOrder
{
    /// <summary>The order of the source. A result that is ready early waits for the results before it.</summary>
    Source = 0,

    /// <summary>The order in which the items complete.</summary>
    Completion = 1,
}
