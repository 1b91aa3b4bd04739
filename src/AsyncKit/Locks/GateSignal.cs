namespace AsyncKit;

/// <summary>What became of an operation, as far as an adaptive <see cref="ConcurrencyGate"/> is concerned.</summary>
public enum GateSignal
{
    /// <summary>It was served. While the gate is full, this raises an adaptive limit.</summary>
    Success,

    /// <summary>It was turned away because there was too much: HTTP 429 or 503, a timeout. This lowers an adaptive
    /// limit.</summary>
    Throttled,

    /// <summary>It tells nothing about the load, such as an error in the request. This changes nothing, and neither does
    /// a lease without a report.</summary>
    Ignored,
}
