using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.Hosting;

/// <summary>Checks the latency of the thread pool.</summary>
internal sealed class ThreadPoolHealth(ThreadPoolWatch watch, TimeSpan maxLatency) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var latency = watch.Latency;
#pragma warning disable RS0030 // Reads counters; queues nothing.
        var (threads, queued) = (ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount);
#pragma warning restore RS0030
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["latency"] = latency,
            ["threads"] = threads,
            ["queued"] = queued,
        };
        return Task.FromResult(latency < maxLatency
            ? HealthCheckResult.Healthy(data: data)
            : new HealthCheckResult(
                context.Registration.FailureStatus,
                FormattableString.Invariant(
                    $"Work waited {TimeText.Of(latency)} for a thread of the thread pool, which has {threads} threads; look for blocking calls."),
                data: data));
    }
}
