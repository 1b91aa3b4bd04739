namespace AsyncKit;

/// <summary>Where a lease comes from. A version is held by one lease and its copies, and never comes again.</summary>
internal interface ILeaseOrigin
{
    bool IsHeld(long version);

    /// <summary>Does nothing unless that version is held.</summary>
    void Release(long version);

    /// <summary>Does nothing unless that version is held.</summary>
    void Report(long version, GateSignal signal);
}
