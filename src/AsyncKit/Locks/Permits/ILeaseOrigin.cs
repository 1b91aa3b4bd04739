namespace AsyncKit;

/// <summary>The issuer of a lease. A version belongs to one lease and its copies, and is never reused.</summary>
internal interface ILeaseOrigin
{
    bool IsHeld(long version);

    /// <summary>Releases the permit if that version is held; otherwise does nothing.</summary>
    void Release(long version);

    /// <summary>Reports the outcome of the operation if that version is held; otherwise does nothing.</summary>
    void Report(long version, GateSignal signal);
}
