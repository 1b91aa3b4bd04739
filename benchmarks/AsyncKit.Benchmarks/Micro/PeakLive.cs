using System.Collections.Concurrent;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>
/// The maximum live memory during a benchmark, minus the live memory before it. The benchmark requests samples.
/// Benchmarks run in this process, so a static field keeps the maximum.
/// </summary>
internal static class PeakLive
{
    private static readonly ConcurrentDictionary<string, long> Peaks = new(StringComparer.Ordinal);
    private static long _before;

    public static void Start() => _before = Bytes();

    public static void Sample(Type type, string method) =>
        Peaks.AddOrUpdate(
            Key(type, method), static (_, now) => now, static (_, peak, now) => Math.Max(peak, now), Bytes() - _before);

    public static double Of(BenchmarkCase benchmark) =>
        Peaks.TryGetValue(Key(benchmark.Descriptor.Type, benchmark.Descriptor.WorkloadMethod.Name), out var peak)
            ? peak
            : double.NaN;

    private static string Key(Type type, string method) => $"{type.Name}.{method}";

    /// <summary>The live memory after a full collection.</summary>
    private static long Bytes()
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        var info = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return info.HeapSizeBytes - info.FragmentedBytes;
    }
}
