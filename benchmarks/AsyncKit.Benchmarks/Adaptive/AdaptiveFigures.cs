namespace AsyncKit.Benchmarks;

/// <summary>The results of a series of requests.</summary>
internal sealed class AdaptiveFigures
{
    private int _served;
    private int _throttled;

    public int Lowest { get; private set; } = int.MaxValue;

    public int Highest { get; private set; }

    /// <summary>The rejected requests as a share of all answered ones, from 0 to 1.</summary>
    public double Throttled => _throttled / (double)Math.Max(1, _throttled + _served);

    /// <summary>The served requests as a share of those that the server could have served in that time.</summary>
    public double Throughput { get; private set; }

    public void See(int limit) => (Lowest, Highest) = (Math.Min(Lowest, limit), Math.Max(Highest, limit));

    public void Count(bool isServed)
    {
        _served += isServed ? 1 : 0;
        _throttled += isServed ? 0 : 1;
    }

    public void SetThroughput(double best) => Throughput = _served / best;
}
