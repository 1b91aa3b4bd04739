using System.Threading.Tasks.Sources;

namespace AsyncKit;

/// <summary>A wait that is reused and allocates nothing; its waiter never continues inside <see cref="Set"/>.</summary>
internal abstract class ReusableSignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask Woken => new(this, _core.Version);

    protected void Reset() => _core.Reset();

    protected void Set() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
