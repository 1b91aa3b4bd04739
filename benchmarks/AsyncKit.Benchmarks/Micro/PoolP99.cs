using System.Collections.Concurrent;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>
/// How long unrelated work waited for a pool thread during a benchmark: the 99th percentile over all of its iterations,
/// the warm-up included. A work item every millisecond, or the percentile of an iteration of 100 ms would be its maximum.
/// Benchmarks run in this process, so a static keeps it.
/// </summary>
internal static class PoolP99
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    private static readonly ConcurrentDictionary<string, ConcurrentBag<double>> Waits = new(StringComparer.Ordinal);

    public static Probe Watch() => Probe.Start(Interval);

    public static void Note(Type type, string method, ProbeReading reading)
    {
        var waits = Waits.GetOrAdd(Key(type, method), static _ => []);
        Array.ForEach(reading.PoolWaitsMs, waits.Add);
    }

    public static double Of(BenchmarkCase benchmark) =>
        Waits.TryGetValue(Key(benchmark.Descriptor.Type, benchmark.Descriptor.WorkloadMethod.Name), out var waits)
            ? Statistics.Percentile(waits, 0.99)
            : double.NaN;

    private static string Key(Type type, string method) => $"{type.Name}.{method}";
}
