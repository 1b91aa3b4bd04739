namespace AsyncKit.RabbitMQ;

/// <summary>An item that a worker runs, and its deliveries: a lost link adds another one.</summary>
/// <remarks>Thread-safe. Invariants: (1) The first cause decides how the item ends. (2) A delivery is added only until
/// the deliveries are taken, once.</remarks>
internal sealed class RunningItem : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly Lock _lock = new();
    private List<Delivery>? _deliveries; // Null once taken.
    private int _cause;

    public RunningItem(Delivery delivery, TimeSpan limit, TimeProvider clock)
    {
        _deliveries = [delivery];
        _source = new(limit, clock);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Why the token is cancelled. A cancelled token without a cause is the time limit.</summary>
    public ItemEnd Cause => (ItemEnd)Volatile.Read(ref _cause) switch
    {
        ItemEnd.None when _source.IsCancellationRequested => ItemEnd.TimedOut,
        var cause => cause,
    };

    public void Cancel(ItemEnd cause)
    {
        if (_source.IsCancellationRequested || Interlocked.CompareExchange(ref _cause, (int)cause, 0) != 0)
        {
            return;
        }

        try
        {
            _ = AsyncEnvironment.CancelAsync(_source);
        }
        catch (ObjectDisposedException)
        {
            // The item completed.
        }
    }

    public bool TryAttach(Delivery delivery)
    {
        lock (_lock)
        {
            _deliveries?.Add(delivery);
            return _deliveries is not null;
        }
    }

    public IReadOnlyList<Delivery> TakeDeliveries()
    {
        lock (_lock)
        {
            var taken = _deliveries ?? [];
            _deliveries = null;
            return taken;
        }
    }

    public void Dispose() => _source.Dispose();
}
