namespace AsyncKit.RabbitMQ;

/// <summary>The ids of the last cancelled items, for deliveries that arrive after their cancellation.</summary>
/// <remarks>Thread-safe. Invariant: the set contains exactly the ids of the ring.</remarks>
internal sealed class CancelledIds(int capacity = CancelledIds.DefaultCapacity)
{
    public const int DefaultCapacity = 10_000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Queue<string> _oldestFirst = [];

    public void Add(string id)
    {
        lock (_lock)
        {
            if (!_ids.Add(id))
            {
                return;
            }

            _oldestFirst.Enqueue(id);
            if (_oldestFirst.Count > capacity)
            {
                _ids.Remove(_oldestFirst.Dequeue());
            }
        }
    }

    public bool Contains(string id)
    {
        lock (_lock)
        {
            return _ids.Contains(id);
        }
    }
}
