namespace AsyncKit;

/// <summary>Observes the callers of a <see cref="PermitQueue"/>. The queue never calls it under a lock.</summary>
internal interface IPermitObserver
{
    /// <summary>Whether the duration of waits is observed.</summary>
    bool MeasuresWaits => false;

    /// <summary>A waiter acquired a permit.</summary>
    void WaitCompleted(TimeSpan duration)
    {
    }

    /// <summary>The first report of a lease that is held.</summary>
    void SignalReported(GateSignal signal, int epoch)
    {
    }

    /// <summary>A caller released its permit or returned without one. Called once per call that requests a
    /// permit.</summary>
    void CallerLeft();
}
