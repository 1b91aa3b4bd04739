using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// A limit on how many operations run at once, shared by whoever asks. It can be changed while it is in use, or find the
/// right value by itself.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Never more leases are taken than the limit, and permits are conserved: every lease that is disposed lets exactly one
/// other in.</item>
/// <item>First come, first served: nobody overtakes who waits.</item>
/// <item>A wait that is cancelled or runs out of time takes no permit and loses none.</item>
/// <item>Who waits never continues inside Dispose, Cancel(), a timer or the setter of the limit, however many wait.</item>
/// <item>Raising the limit releases waiters; lowering it lets the active finish.</item>
/// <item>Waiting allocates nothing in steady state, also with a token that can be cancelled. A limit of time allocates
/// a timer.</item>
/// </list>
/// Cost: taking a permit and giving it back while one is free are three interlocked operations; one small object for each
/// permit that was ever held at the same time. Nothing needs to be disposed of. All members may be used from several
/// threads.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class ConcurrencyGate : IPermitObserver
{
    private readonly MultiPermitQueue _permits;
    private readonly AdaptiveController? _control;
    private readonly AdaptiveLimit? _adaptive;

    /// <summary>With a limit that stays until it is set.</summary>
    /// <param name="limit">The most leases at once: from 1 to 100,000.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not in the range.</exception>
    public ConcurrencyGate(int limit)
    {
        _permits = new MultiPermitQueue(nameof(ConcurrencyGate), Guards.InRange(limit, 1, PermitQueue.MostPermits), this);
        GateMetrics.Add(this);
    }

    /// <summary>With a limit that follows what the leases report.</summary>
    /// <param name="limit">Between which limits, and how.</param>
    /// <exception cref="ArgumentNullException"><paramref name="limit"/> is null.</exception>
    public ConcurrencyGate(AdaptiveLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        (_adaptive, _control) = (limit, new AdaptiveController(limit));
        _permits = new MultiPermitQueue(nameof(ConcurrencyGate), limit.Start, this);
        GateMetrics.Add(this);
    }

    /// <summary>Tells gates apart in messages and metrics.</summary>
    /// <value>Null by default.</value>
    public string? Name
    {
        get;
        init
        {
            field = value;
            _permits.What = value is null ? nameof(ConcurrencyGate) : $"{nameof(ConcurrencyGate)} '{value}'";
        }
    }

    /// <summary>The clock for limits of time and for the cooldown of an adaptive limit.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            _permits.Clock = value;
        }
    } = TimeProvider.System;

    /// <summary>The most leases at once. Raising it lets waiters in; when it is lowered, the active finish and nobody is let
    /// in until there are fewer. An adaptive gate goes on from the value that is set.</summary>
    /// <value>From 1 to 100,000; of an adaptive gate from its Min to its Max.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int Limit
    {
        get => _permits.Limit;
        set
        {
            var (min, max) = _adaptive is null ? (1, PermitQueue.MostPermits) : (_adaptive.Min, _adaptive.Max);
            _permits.SetLimit(Guards.InRange(value, min, max, nameof(Limit)), _control);
        }
    }

    /// <summary>How many leases are held at this moment.</summary>
    public int Active => _permits.Held;

    /// <summary>How many wait at this moment.</summary>
    public int Waiting => _permits.Waiting;

    bool IPermitObserver.TimesWaits => GateMetrics.WaitDuration.Enabled;

    /// <summary>Waits for a permit.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease to dispose. It has completed already if a permit was free.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was a permit; with that
    /// token.</exception>
    public ValueTask<Lease> AcquireAsync(CancellationToken cancellationToken = default) =>
        _permits.AcquireAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Waits for a permit, but not longer than that.</summary>
    /// <param name="timeout">From zero, which does not wait, to 49 days, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease to dispose.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is not in the range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">There was no permit in time; the message names the limit.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before; with that token.</exception>
    public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        _ = Guards.TimerLimit(timeout);
        return _permits.AcquireAsync(timeout, cancellationToken);
    }

    /// <summary>Takes a permit if one is free and nobody waits.</summary>
    /// <param name="lease">The lease to dispose; default(Lease) if there is none.</param>
    /// <returns>Whether there was a permit.</returns>
    public bool TryAcquire(out Lease lease) => _permits.TryAcquire(out lease);

    /// <summary>Ends at the next moment when no lease is held; at once if none is.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends then. Others may have been let in since.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before; with that token.</exception>
    public Task WhenIdleAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        var idle = _permits.WhenIdleAsync();
        return cancellationToken.CanBeCanceled && !idle.IsCompleted ? idle.WaitAsync(cancellationToken) : idle;
    }

    /// <summary>How many are active, how many wait and, with the AppContext switch AsyncKit.TraceLeases, who holds
    /// leases.</summary>
    /// <returns>Such as "ConcurrencyGate 'api': 8 of 8 active, 2 waiting".</returns>
    public override string ToString() => $"{_permits.What}: {Active} of {Limit} active{_permits}";

    /// <summary>For the engine: reports and gives back.</summary>
    internal static void Release(Lease lease, GateSignal signal)
    {
        lease.Report(signal);
        lease.Dispose();
    }

    void IPermitObserver.Waited(TimeSpan time) => GateMetrics.Waited(this, time);

    void IPermitObserver.Left()
    {
    }

    void IPermitObserver.Reported(GateSignal signal, int epoch)
    {
        if (_control is not null && (signal == GateSignal.Throttled || (signal == GateSignal.Success && _permits.IsFull)))
        {
            _permits.Adapt(_control, signal, epoch);
        }
    }
}
