namespace AsyncKit.RabbitMQ;

/// <summary>Why a worker stops an item before its end.</summary>
internal enum ItemEnd
{
    /// <summary>It was not stopped.</summary>
    None,

    /// <summary>Its time limit elapsed.</summary>
    TimedOut,

    /// <summary>Its caller cancelled it.</summary>
    Cancelled,

    /// <summary>The worker stops, so another one runs it.</summary>
    Returned,
}
