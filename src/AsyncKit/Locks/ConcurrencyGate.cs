using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// Limits how many operations of any number of callers run at once. The limit can change while the gate is in use, or
/// adapt itself to the load.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Acquiring never exceeds the limit, and permits are conserved: every disposed lease admits exactly one other
/// caller.</item>
/// <item>Waiters are served in order of arrival; no caller overtakes a waiter.</item>
/// <item>A wait that is cancelled or times out neither acquires nor loses a permit.</item>
/// <item>A waiter's continuation never runs inline in Dispose, Cancel(), a timer callback or the setter of the
/// limit.</item>
/// <item>Raising the limit releases waiters; lowering it lets active operations finish.</item>
/// <item>A limit of zero pauses the gate: every caller waits, and raising the limit releases the waiters in order of
/// arrival.</item>
/// <item>Waiting allocates nothing in steady state, even with a cancellable token. A timeout allocates a timer.</item>
/// </list>
/// Cost: acquiring and releasing a free permit takes three interlocked operations. The gate keeps one small object for
/// each permit that was ever held at the same time. A gate needs no disposal. All members are thread-safe.
/// </remarks>
/// <example>
/// <code>
/// var soap = new ConcurrencyGate(4) { Name = "soap" };
///
/// using (await soap.AcquireAsync(cancellationToken))
/// {
///     await CallServiceAsync(cancellationToken); // At most four callers at a time.
/// }
///
/// soap.Limit = 8; // Takes effect at once.
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class ConcurrencyGate : IPermitObserver
{
    private readonly MultiPermitQueue _permits;
    private readonly AdaptiveController? _controller;
    private readonly AdaptiveLimit? _adaptive;

    /// <summary>Creates a gate with a limit that changes only when it is set.</summary>
    /// <param name="limit">The maximum number of leases that are held at once: from 1 to 100,000, or 0 to start
    /// paused.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is out of range.</exception>
    public ConcurrencyGate(int limit)
    {
        _permits = new MultiPermitQueue(nameof(ConcurrencyGate), Guards.InRange(limit, 0, PermitQueue.MaxPermits), this);
        GateMetrics.Gates.Add(this);
    }

    /// <summary>Creates a gate with a limit that follows the reports of its leases.</summary>
    /// <param name="limit">The range of the limit, and how it adapts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="limit"/> is null.</exception>
    public ConcurrencyGate(AdaptiveLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        (_adaptive, _controller) = (limit, new AdaptiveController(limit));
        _permits = new MultiPermitQueue(nameof(ConcurrencyGate), limit.Start, this);
        GateMetrics.Gates.Add(this);
    }

    /// <summary>The name of the gate in messages and metrics.</summary>
    /// <value>The default is null.</value>
    public string? Name
    {
        get;
        init
        {
            field = value;
            _permits.DisplayName = value is null ? nameof(ConcurrencyGate) : $"{nameof(ConcurrencyGate)} '{value}'";
        }
    }

    /// <summary>The clock for timeouts and for the cooldown of an adaptive limit.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _permits.Clock = field = value;
        }
    } = TimeProvider.System;

    /// <summary>The maximum number of leases that are held at once. Raising it releases waiters. Lowering it lets
    /// active operations finish, and admits no caller until fewer leases are held. An adaptive gate continues from the
    /// value that was set.</summary>
    /// <value>From 1 to 100,000; for an adaptive gate, from its Min to its Max. Zero pauses either gate until another
    /// value is set; meanwhile, reports of leases change nothing.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Limit
    {
        get => _permits.Limit;
        set
        {
            if (_adaptive is not null && value != 0)
            {
                _ = Guards.InRange(value, _adaptive.Min, _adaptive.Max, nameof(Limit));
            }

            _permits.SetLimit(Guards.InRange(value, 0, PermitQueue.MaxPermits, nameof(Limit)), _controller);
        }
    }

    /// <summary>The number of leases that are currently held.</summary>
    public int Active => _permits.Held;

    /// <summary>The number of callers that currently wait for a permit.</summary>
    public int Waiting => _permits.Waiting;

    bool IPermitObserver.MeasuresWaits => GateMetrics.WaitDuration.Enabled;

    /// <summary>Acquires a permit and returns its lease; waits while no permit is free.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if a permit was
    /// free.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before a permit was acquired. The exception
    /// carries that token.</exception>
    public ValueTask<Lease> AcquireAsync(CancellationToken cancellationToken = default) =>
        _permits.AcquireAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Acquires a permit and returns its lease; waits no longer than a timeout.</summary>
    /// <param name="timeout">The longest time to wait: from zero, which does not wait, to 49 days.
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if a permit was
    /// free.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">No permit was acquired in time. The message contains the timeout.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before a permit was acquired. The exception
    /// carries that token.</exception>
    public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _permits.AcquireAsync(Guards.TimerLimit(timeout), cancellationToken);

    /// <summary>Acquires a permit if one is free and no caller waits for one.</summary>
    /// <param name="lease">The lease to dispose; default(Lease) if no permit was acquired.</param>
    /// <returns>true if a permit was acquired; otherwise, false.</returns>
    public bool TryAcquire(out Lease lease) => _permits.TryAcquire(out lease);

    /// <summary>Waits until no lease is held, for example after the gate was paused.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes when the last lease is disposed; already completed if no lease is held, even if
    /// the token is cancelled. Unless the gate is paused, another caller may have acquired a permit since.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before the gate was idle. The exception
    /// carries that token.</exception>
    public Task WhenIdleAsync(CancellationToken cancellationToken = default)
    {
        var idle = _permits.WhenIdleAsync();
        return idle.IsCompleted ? idle : idle.WaitAsync(cancellationToken);
    }

    /// <summary>Returns the name of the gate, the number of active leases, the limit and the number of
    /// waiters.</summary>
    /// <returns>For example "ConcurrencyGate 'api': 8 of 8 active, 2 waiting".</returns>
    public override string ToString() => $"{_permits.DisplayName}: {Active} of {Limit} active{_permits.WaitingText}";

    /// <summary>Reports the outcome of an operation and releases its permit.</summary>
    internal static void Release(Lease lease, GateSignal signal)
    {
        lease.Report(signal);
        lease.Dispose();
    }

    void IPermitObserver.WaitCompleted(TimeSpan duration) =>
        GateMetrics.WaitDuration.Record(duration.TotalSeconds, GateMetrics.Gates.TagsOf(this));

    void IPermitObserver.CallerLeft()
    {
    }

    void IPermitObserver.SignalReported(GateSignal signal, int epoch)
    {
        if (_controller is not null
            && (signal == GateSignal.Throttled || (signal == GateSignal.Success && _permits.IsFull)))
        {
            _permits.Adapt(_controller, signal, epoch);
        }
    }
}
