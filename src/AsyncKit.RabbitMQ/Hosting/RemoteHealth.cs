using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.RabbitMQ;

/// <summary>Checks the connection to the broker and, if there is one, a worker.</summary>
internal sealed class RemoteHealth(RemoteService service, RemoteWorkerService? worker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var failure = context.Registration.FailureStatus;
        return Task.FromResult(worker switch
        {
            { ExecuteTask: null } => new(failure, "The worker has not started."),
            { ExecuteTask: { IsFaulted: true } failed } =>
                new(failure, "The worker failed.", failed.Exception!.InnerException),
            { ExecuteTask.IsCompleted: true } => new(failure, "The worker stopped."),
            { IsStopping: true } => HealthCheckResult.Degraded("The worker is draining."),
            _ => CheckConnection(failure),
        });
    }

    private HealthCheckResult CheckConnection(HealthStatus failure) => service.Connected?.Connection switch
    {
        null => new(failure, "The connection to the broker is not open yet."),
        { IsLost: true } lost => new(failure, $"The connection to the broker was lost ({lost.Reason}); reconnecting."),
        { IsBlocked: true } => HealthCheckResult.Degraded("The broker blocks the connection."),
        _ => HealthCheckResult.Healthy(),
    };
}
