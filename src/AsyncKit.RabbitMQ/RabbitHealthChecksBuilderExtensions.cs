using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.RabbitMQ;

/// <summary>Adds health checks of a <see cref="RabbitRemote"/> and of workers.</summary>
/// <remarks>A check costs a few reads. It never waits and sends nothing to the broker.</remarks>
public static class RabbitHealthChecksBuilderExtensions
{
    /// <summary>Adds a check of the connection: it fails while the connection is lost. A connection that the broker blocks is
    /// degraded.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <remarks>The name of the check is <c>rabbitmq</c>.</remarks>
    /// <inheritdoc cref="RabbitServiceCollectionExtensions.AddRabbitRemote(IServiceCollection, Uri, RabbitRemoteOptions)" path="/example"/>
    public static IHealthChecksBuilder AddRabbitRemote(
        this IHealthChecksBuilder builder, HealthStatus? failureStatus = null, IEnumerable<string>? tags = null) =>
        Guards.NotNull(builder).Add(new HealthCheckRegistration(
            "rabbitmq",
            provider => new RemoteHealth(provider.GetRequiredService<RemoteService>(), worker: null),
            failureStatus,
            tags));

    /// <summary>Adds a check of a worker: it fails if the worker has not started, has failed or has stopped, and while the
    /// connection is lost. A worker that drains is degraded.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a worker that was added to the services. The name of the check is
    /// <c>worker:&lt;name&gt;</c>.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <example>
    /// <code>
    /// services.AddHealthChecks().AddRemoteWorker("resize");
    /// </code>
    /// </example>
    public static IHealthChecksBuilder AddRemoteWorker(
        this IHealthChecksBuilder builder,
        string name,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null) =>
        Guards.NotNull(builder).Add(new HealthCheckRegistration(
            $"worker:{Guards.NotNull(name)}",
            provider => new RemoteHealth(
                provider.GetRequiredService<RemoteService>(),
                provider.GetRequiredKeyedService<RemoteWorkerService>(name)),
            failureStatus,
            tags));
}
