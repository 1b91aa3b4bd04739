using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.Hosting;

/// <summary>Checks a lane.</summary>
internal sealed class LaneHealth(BlockingLane lane, int? maxQueued, TimeProvider clock, TimeSpan maxWait) : IHealthCheck
{
    private readonly WaitProbe _probe = new(clock, () => lane.RunAsync(static () => { }));

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (active, queued) = (lane.Active, lane.Queued);
        var oldest = TimeSpan.Zero;
        if (active < lane.MaxThreads && queued == 0)
        {
            _probe.Reset();
        }
        else
        {
            oldest = _probe.Measure();
        }

        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["active"] = active,
            ["queued"] = queued,
            ["threads"] = lane.Threads,
            ["maxThreads"] = lane.MaxThreads,
            ["oldest"] = oldest,
        };
        return Task.FromResult(true switch
        {
            _ when oldest >= maxWait => new HealthCheckResult(
                context.Registration.FailureStatus,
                FormattableString.Invariant($"Work of the lane {lane.Name} waits for {TimeText.Of(oldest)}; {active} of {lane.MaxThreads} threads are busy."),
                data: data),
            _ when queued >= maxQueued => HealthCheckResult.Degraded(
                FormattableString.Invariant($"The queue of the lane {lane.Name} is full: {queued} of {maxQueued}."), data: data),
            _ => HealthCheckResult.Healthy(data: data),
        });
    }
}
