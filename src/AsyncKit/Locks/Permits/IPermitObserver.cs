namespace AsyncKit;

/// <summary>Whose permits a <see cref="PermitQueue"/> has, if that wants to know. Never called under a lock.</summary>
internal interface IPermitObserver
{
    /// <summary>Whether somebody wants to know how long it is waited.</summary>
    bool TimesWaits { get; }

    /// <summary>A wait has ended in a permit.</summary>
    void Waited(TimeSpan time);

    /// <summary>A permit was given back, or a wait has ended without one.</summary>
    void Left();

    /// <summary>The first report of a lease that is held.</summary>
    void Reported(GateSignal signal, int epoch);
}
