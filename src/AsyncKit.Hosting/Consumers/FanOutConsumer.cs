namespace AsyncKit.Hosting;

/// <summary>Represents the state of a consumer. The container has it as a keyed singleton:
/// <c>[FromKeyedServices("orders")] FanOutConsumer consumer</c>.</summary>
/// <remarks>
/// Running:
/// <list type="bullet">
/// <item>The guarantees of a fan-out apply. Never more handlers run than the limit. An item is taken from the source only
/// when a handler can start. Memory depends on the limit, not on the number of items.</item>
/// <item>Each call of the handler has a new scope, or each worker has one; see
/// <see cref="FanOutConsumerOptions.Scope"/>. An exception from disposing the scope of an item is a failure of the item,
/// unless its handler failed already.</item>
/// <item>A failed item is logged at the level Error with its exception, and counted. The consumer continues, unless
/// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.StopAtFirst"/>.</item>
/// <item>A source that throws is logged at the level Error after the items that it yielded have completed. Then the host
/// stops, or the consumer restarts after a delay.</item>
/// <item>A source that ends by itself ends the consumer. That is logged as a warning, and the host continues.</item>
/// </list>
/// Stopping:
/// <list type="bullet">
/// <item>When the host stops, the consumer takes no further item and handles those that it took. Their token is not
/// cancelled, so no accepted item is lost within the shutdown timeout of the host.</item>
/// <item>When the shutdown timeout has elapsed, the token of the handlers is cancelled. After
/// <see cref="FanOutConsumerOptions.AbortTimeout"/> they are abandoned. The number of items that did not complete, including
/// those that were taken and did not start, is logged at the level Error.</item>
/// <item>A delay before a restart ends at once.</item>
/// <item>A host that stops while it starts stops the consumer in its turn, too.</item>
/// <item>A logger that throws prevents neither the drain nor the abort.</item>
/// </list>
/// All members are thread-safe.
/// </remarks>
public sealed class FanOutConsumer
{
    private readonly Lock _lock = new();
    private readonly LinkedList<long> _active = []; // The start of each call of the handler, the oldest first.
    private readonly OutcomeWindow _recent;
    private FanOutConsumerState _state;
    private bool _isDraining;
    private long _succeeded;
    private long _failed;
    private long _cancelled;
    private long _restarts;
    private long _lastProgress;
    private Exception? _lastFailure;

    internal FanOutConsumer(string name, TimeProvider clock)
    {
        (Name, Clock) = (name, AsyncEnvironment.Clock(clock));
        _recent = new OutcomeWindow(Clock);
    }

    /// <summary>The name of the consumer.</summary>
    public string Name { get; }

    /// <summary>The state of the consumer.</summary>
    public FanOutConsumerState State
    {
        get => Read(static consumer => consumer._state);
        internal set
        {
            lock (_lock)
            {
                _state = value == FanOutConsumerState.Running && _isDraining ? FanOutConsumerState.Draining : value;
            }
        }
    }

    /// <summary>The current number of calls of the handler.</summary>
    public int Active => Read(static consumer => consumer._active.Count);

    /// <summary>The duration so far of the oldest current call of the handler; null if none runs.</summary>
    public TimeSpan? OldestActive => Read(static consumer =>
        consumer._active.First is { } oldest ? consumer.Clock.GetElapsedTime(oldest.Value) : (TimeSpan?)null);

    /// <summary>The number of items that succeeded.</summary>
    public long Succeeded => Read(static consumer => consumer._succeeded);

    /// <summary>The number of items that failed.</summary>
    public long Failed => Read(static consumer => consumer._failed);

    /// <summary>The number of items that were taken from the source and cancelled, or not even started, because the
    /// shutdown took too long or another failure stopped the run.</summary>
    public long Cancelled => Read(static consumer => consumer._cancelled);

    /// <summary>The number of restarts after a failure of the source.</summary>
    public long Restarts => Read(static consumer => consumer._restarts);

    /// <summary>The last exception of an item or of the source; null if none failed.</summary>
    public Exception? LastFailure => Read(static consumer => consumer._lastFailure);

    internal TimeProvider Clock { get; }

    /// <summary>The time for which handlers run and none of them completed; zero if none runs.</summary>
    internal TimeSpan Stalled => Read(static consumer =>
        consumer._active.Count > 0 ? consumer.Clock.GetElapsedTime(consumer._lastProgress) : TimeSpan.Zero);

    /// <summary>Returns the name, the state and the counts.</summary>
    /// <returns>For example "orders: Running, 8 active, 1200 succeeded, 3 failed".</returns>
    public override string ToString() => Read(static consumer => FormattableString.Invariant(
        $"{consumer.Name}: {consumer._state}, {consumer._active.Count} active, {consumer._succeeded} succeeded, {consumer._failed} failed"));

    internal (int Total, int Failed) Recent(TimeSpan time)
    {
        lock (_lock)
        {
            return _recent.Read(time);
        }
    }

    /// <summary>Called when the host stops. A run that starts afterwards is a drain, too.</summary>
    /// <returns>true if a run must drain; otherwise, false.</returns>
    internal bool Drain()
    {
        lock (_lock)
        {
            _isDraining = true;
            if (_state != FanOutConsumerState.Running)
            {
                return false;
            }

            _state = FanOutConsumerState.Draining;
            return true;
        }
    }

    internal LinkedListNode<long> Begin()
    {
        lock (_lock)
        {
            var now = Clock.GetTimestamp();
            if (_active.Count == 0)
            {
                _lastProgress = now;
            }

            return _active.AddLast(now);
        }
    }

    internal void End(LinkedListNode<long> call)
    {
        lock (_lock)
        {
            _active.Remove(call);
            _lastProgress = Clock.GetTimestamp();
        }
    }

    internal void Count(FanOutOutcomeKind kind, Exception? exception)
    {
        lock (_lock)
        {
            switch (kind)
            {
                case FanOutOutcomeKind.Succeeded:
                    _succeeded++;
                    _recent.Add(hasFailed: false);
                    break;
                case FanOutOutcomeKind.Failed:
                    _failed++;
                    _lastFailure = exception;
                    _recent.Add(hasFailed: true);
                    break;
                default:
                    _cancelled++;
                    break;
            }
        }
    }

    /// <summary>Counts items that were taken from the source and did not start.</summary>
    internal void CountNotStarted(long items)
    {
        lock (_lock)
        {
            _cancelled += items;
        }
    }

    internal void SourceFailed(Exception exception, FanOutConsumerState next)
    {
        lock (_lock)
        {
            _lastFailure = exception;
            _state = next;
            _restarts += next == FanOutConsumerState.Restarting ? 1 : 0;
        }
    }

    private T Read<T>(Func<FanOutConsumer, T> value)
    {
        lock (_lock)
        {
            return value(this);
        }
    }
}
