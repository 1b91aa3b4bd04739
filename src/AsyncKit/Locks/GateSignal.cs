namespace AsyncKit;

/// <summary>Specifies the outcome of an operation for an adaptive <see cref="ConcurrencyGate"/>.</summary>
public enum GateSignal
{
    /// <summary>The operation succeeded. While the gate is full, this increases an adaptive limit.</summary>
    Success,

    /// <summary>The operation failed because of too much load: HTTP 429 or 503, a timeout. This decreases an adaptive
    /// limit.</summary>
    Throttled,

    /// <summary>The outcome does not depend on the load, for example an error in the request. This changes nothing, and
    /// neither does a lease without a report.</summary>
    Ignored,
}
