namespace AsyncKit.Hosting;

/// <summary>Specifies what a consumer is doing.</summary>
public enum FanOutConsumerState
{
    /// <summary>The host has not started it.</summary>
    NotStarted,

    /// <summary>It handles items, or waits for the source.</summary>
    Running,

    /// <summary>It waits before it requests a source again that failed.</summary>
    Restarting,

    /// <summary>The host is stopping, and handlers are still running.</summary>
    Draining,

    /// <summary>The host has stopped it.</summary>
    Stopped,

    /// <summary>The source ended by itself, and every item was handled.</summary>
    Completed,

    /// <summary>The source failed, and the consumer does not restart.</summary>
    Failed,
}
