using System.Collections.Concurrent;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>
/// How long unrelated work waited for a pool thread during a benchmark, the 99th percentile of the worst iteration.
/// Benchmarks run in this process, so a static keeps it.
/// </summary>
internal static class PoolP99
{
    private static readonly ConcurrentDictionary<string, double> Waits = new(StringComparer.Ordinal);

    public static void Note(Type type, string method, ProbeReading reading) => Waits.AddOrUpdate(
        Key(type, method),
        static (_, now) => now,
        static (_, worst, now) => Math.Max(worst, now),
        Statistics.Percentile(reading.PoolWaitsMs, 0.99));

    public static double Of(BenchmarkCase benchmark) =>
        Waits.TryGetValue(Key(benchmark.Descriptor.Type, benchmark.Descriptor.WorkloadMethod.Name), out var wait)
            ? wait
            : double.NaN;

    private static string Key(Type type, string method) => $"{type.Name}.{method}";
}
