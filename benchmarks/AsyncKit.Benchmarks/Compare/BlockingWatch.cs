using System.Collections.Concurrent;
using AsyncKit.Diagnostics;

namespace AsyncKit.Benchmarks;

/// <summary>Runs a variant under a <see cref="BlockingDetector"/>. It is not measured, because the detector listens to
/// every await and its cost would be included.</summary>
internal static class BlockingWatch
{
    /// <summary>A synchronous wait counts even if it is short. The other thresholds allow for a busy machine.</summary>
    private static readonly BlockingDetectorOptions Strict = new()
    {
        WaitThreshold = TimeSpan.Zero,
        PoolLatencyThreshold = TimeSpan.FromSeconds(1),
        PrefixThreshold = TimeSpan.FromSeconds(1),
    };

    /// <summary>Returns the first finding, or null.</summary>
    public static async Task<string?> InspectAsync(
        Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var found = new ConcurrentQueue<BlockingFinding>();
        await using (BlockingDetector.Start(Strict with { OnBlocking = found.Enqueue }))
        {
            await work(cancellationToken);
        }

        return found.TryPeek(out var finding) ? $"{finding.Kind}: {finding} {finding.StackTrace}" : null;
    }
}
