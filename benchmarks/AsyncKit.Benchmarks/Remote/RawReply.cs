namespace AsyncKit.Benchmarks;

/// <summary>How replies travel to a client by hand.</summary>
internal enum RawReply
{
    /// <summary>Persistent, through a durable classic queue: as AsyncKit.</summary>
    Durable,

    /// <summary>Transient, through an exclusive queue.</summary>
    Exclusive,

    /// <summary>Transient, through the direct reply-to of the broker.</summary>
    Direct,
}
