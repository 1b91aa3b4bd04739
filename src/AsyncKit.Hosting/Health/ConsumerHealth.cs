using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.Hosting;

/// <summary>Checks a consumer.</summary>
internal sealed class ConsumerHealth(FanOutConsumer consumer, FanOutConsumerHealthOptions options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = consumer.State;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["state"] = state.ToString(),
            ["active"] = consumer.Active,
            ["succeeded"] = consumer.Succeeded,
            ["failed"] = consumer.Failed,
            ["restarts"] = consumer.Restarts,
        };
        if (consumer.OldestActive is { } oldest)
        {
            data["oldest"] = oldest;
        }

        var (status, description) = Judge(state, context.Registration.FailureStatus);
        var exception = status == HealthStatus.Healthy ? null : consumer.LastFailure;
        return Task.FromResult(new HealthCheckResult(status, description, exception, data));
    }

    private (HealthStatus Status, string? Description) Judge(FanOutConsumerState state, HealthStatus failure)
    {
        var (total, failed) = consumer.Recent(options.Window);
        var stalled = consumer.Stalled;
        return state switch
        {
            FanOutConsumerState.NotStarted => (failure, $"The consumer {consumer.Name} has not started."),
            FanOutConsumerState.Restarting => (failure, $"The consumer {consumer.Name} failed, and waits for its restart."),
            FanOutConsumerState.Failed => (failure, $"The consumer {consumer.Name} failed."),
            FanOutConsumerState.Stopped => (failure, $"The consumer {consumer.Name} stopped."),
            FanOutConsumerState.Completed => (HealthStatus.Degraded, $"The source of the consumer {consumer.Name} ended."),
            _ when Guards.IsFinite(options.StuckAfter) && stalled >= options.StuckAfter => (
                failure, $"The consumer {consumer.Name} is stuck: none of its {consumer.Active} handlers completed for {TimeText.Of(stalled)}."),
            _ when total >= options.MinItems && failed > options.MaxFailureRatio * total => (
                failure, FormattableString.Invariant($"{failed} of {total} items of the consumer {consumer.Name} failed within {TimeText.Of(options.Window)}.")),
            FanOutConsumerState.Draining => (HealthStatus.Degraded, $"The consumer {consumer.Name} is draining."),
            _ => (HealthStatus.Healthy, null),
        };
    }
}
