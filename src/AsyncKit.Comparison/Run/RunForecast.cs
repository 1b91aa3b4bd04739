using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>Estimates the rest of a run. A scenario that has not started counts as the mean of the known ones.</summary>
internal sealed class RunForecast(int scenarios)
{
    /// <summary>Collecting the garbage, waiting for the thread pool and preparing the round.</summary>
    private const double SecondsPerStep = 0.3;

    private readonly List<double> _finished = [];
    private long _startedAt;

    public void Begin() => _startedAt = Stopwatch.GetTimestamp();

    public void End() => _finished.Add(Stopwatch.GetElapsedTime(_startedAt).TotalSeconds);

    /// <param name="steps">The seconds of each step of the current scenario that is still to do; null for an unknown
    /// one.</param>
    /// <returns>Null if the current scenario has unknown steps.</returns>
    public TimeSpan? Left(IEnumerable<double?> steps)
    {
        var rest = steps.Select(seconds => seconds + SecondsPerStep).ToList();
        if (rest.Contains(null))
        {
            return null;
        }

        var left = rest.Sum() ?? 0;
        var current = Stopwatch.GetElapsedTime(_startedAt).TotalSeconds + left;
        return TimeSpan.FromSeconds(left + (_finished.Append(current).Average() * (scenarios - _finished.Count - 1)));
    }
}
