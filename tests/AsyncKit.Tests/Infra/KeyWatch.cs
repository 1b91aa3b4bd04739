namespace AsyncKit.Tests;

/// <summary>Records the running items, their maximum in total and per key, and the order in which they start.</summary>
internal sealed class KeyWatch(Func<int, int> keyOf)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, int> _running = [];

    public int Running { get; private set; }

    public int Peak { get; private set; }

    public int PeakOfAKey { get; private set; }

    public List<int> Started { get; } = [];

    public void Start(int item)
    {
        lock (_lock)
        {
            Started.Add(item);
            Peak = Math.Max(Peak, ++Running);
            var ofKey = _running[keyOf(item)] = _running.GetValueOrDefault(keyOf(item)) + 1;
            PeakOfAKey = Math.Max(PeakOfAKey, ofKey);
        }
    }

    public void End(int item)
    {
        lock (_lock)
        {
            Running--;
            _running[keyOf(item)]--;
        }
    }

    public void AssertEachKeyStartedInSourceOrder() =>
        Assert.All(Started.GroupBy(keyOf), ofKey => Assert.Equal(ofKey.Order(), ofKey));
}
