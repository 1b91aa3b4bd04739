using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.Hosting;

/// <summary>Checks a gate.</summary>
internal sealed class GateHealth(ConcurrencyGate gate, TimeProvider clock, TimeSpan maxWait) : IHealthCheck
{
    private readonly WaitProbe _probe = new(clock, () => EnterAsync(gate));

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (active, limit, waiting) = (gate.Active, gate.Limit, gate.Waiting);
        var oldest = TimeSpan.Zero;
        if (limit == 0 || (active < limit && waiting == 0))
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
            ["waiting"] = waiting,
            ["limit"] = limit,
            ["oldest"] = oldest,
        };
        return Task.FromResult(true switch
        {
            _ when limit == 0 => HealthCheckResult.Degraded($"The gate {gate.Name} is paused.", data: data),
            _ when oldest >= maxWait => new HealthCheckResult(
                context.Registration.FailureStatus,
                FormattableString.Invariant($"A caller of the gate {gate.Name} waits for {TimeText.Of(oldest)}; {active} of {limit} permits are held."),
                data: data),
            _ => HealthCheckResult.Healthy(data: data),
        });
    }

    private static async Task EnterAsync(ConcurrencyGate gate)
    {
        using var lease = await gate.AcquireAsync().NoContext();
    }
}
