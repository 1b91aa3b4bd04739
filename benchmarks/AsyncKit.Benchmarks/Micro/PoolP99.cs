using System.Collections.Concurrent;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>
/// The wait of unrelated work for a thread-pool thread during a benchmark: the 99th percentile over all iterations,
/// including the warm-up. It queues a work item every millisecond. With fewer, the percentile of an iteration of 100 ms
/// would be its maximum. Benchmarks run in this process, so a static field keeps it.
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
