using System.Threading.Tasks.Sources;

namespace AsyncKit;

/// <summary>
/// One place to wait for an index, used again for every wait. It carries the index: a wake that comes late, for an index
/// that is past, finds another one here and does nothing.
/// </summary>
/// <remarks>
/// Who waits arms, then looks again whether it still must wait, then awaits or disarms. Who wakes first makes the
/// change that is waited for, then looks here. A full fence on both sides keeps one of the two from missing the other.
/// </remarks>
internal sealed class IndexSignal : IValueTaskSource
{
    private const long Nobody = -1;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private long _index = Nobody;

    public ValueTask Woken => new(this, _core.Version);

    public void Arm(long index)
    {
        _core.Reset();
        _ = Interlocked.Exchange(ref _index, index);
    }

    /// <returns>False when somebody wakes: then it must be awaited.</returns>
    public bool TryDisarm(long index) => Interlocked.CompareExchange(ref _index, Nobody, index) == index;

    /// <summary>Wakes who waits for an index up to this one.</summary>
    public void WakeUpTo(long index)
    {
        Interlocked.MemoryBarrier();
        var waited = Volatile.Read(ref _index);
        if (waited != Nobody && waited <= index && TryDisarm(waited))
        {
            _core.SetResult(true);
        }
    }

    /// <summary>Wakes who waits for this index.</summary>
    public void Wake(long index)
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _index) == index && TryDisarm(index))
        {
            _core.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
