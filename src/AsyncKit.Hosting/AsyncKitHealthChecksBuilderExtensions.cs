using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace AsyncKit.Hosting;

/// <summary>Adds health checks of gates, lanes, consumers and the thread pool.</summary>
/// <remarks>
/// A check never waits. It costs a few reads, and it works best if it is called at a regular interval, for example every
/// 10 s. Each result contains numbers in its data.
/// </remarks>
public static class AsyncKitHealthChecksBuilderExtensions
{
    private const string PoolCheck = "threadpool";

    /// <summary>Adds a check of a lane: it fails if work has waited too long for a thread, because no work completes. A lane
    /// whose queue is full is degraded.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a lane that was added to the services. The name of the check is
    /// <c>lane:&lt;name&gt;</c>.</param>
    /// <param name="maxWait">The time that work may wait for a thread; null for 30 s. More than zero.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxWait"/> is zero or negative.</exception>
    /// <remarks>The data contains active, queued, threads, maxThreads and oldest. The latter is the time that work has
    /// waited at least. While all threads are busy, a check puts one empty work item into the queue to measure it.</remarks>
    /// <example>
    /// <code>
    /// services.AddBlockingLane("soap", maxThreads: 32);
    /// services.AddHealthChecks().AddBlockingLane("soap");
    /// </code>
    /// </example>
    public static IHealthChecksBuilder AddBlockingLane(
        this IHealthChecksBuilder builder,
        string name,
        TimeSpan? maxWait = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        var limit = LimitOf(maxWait, new WaitLimit().MaxWait, nameof(maxWait));
        return AddLane(builder, name, _ => limit, failureStatus, tags);
    }

    /// <summary>Adds a check of a lane, with its limit from the configuration.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a lane that was added to the services. The name of the check is
    /// <c>lane:&lt;name&gt;</c>.</param>
    /// <param name="section">A section that may contain MaxWait: the time that work may wait for a thread, more than zero. It
    /// is read once.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <remarks>The host does not start with an invalid section: its start throws an OptionsValidationException. Otherwise the
    /// check is that of the other overload.</remarks>
    public static IHealthChecksBuilder AddBlockingLane(
        this IHealthChecksBuilder builder,
        string name,
        IConfigurationSection section,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return AddLane(builder, name, MaxWait($"lane:{name}"), failureStatus, tags).With(Wait($"lane:{name}", section));
    }

    /// <summary>Adds a check of a gate: it fails if a caller has waited too long for a permit, for example because leases are
    /// never disposed. A paused gate is degraded.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a gate that was added to the services. The name of the check is
    /// <c>gate:&lt;name&gt;</c>.</param>
    /// <param name="maxWait">The time that a caller may wait for a permit; null for 30 s. More than zero.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxWait"/> is zero or negative.</exception>
    /// <remarks>The data contains active, waiting, limit and oldest. The latter is the time that a caller has waited at least.
    /// While no permit is free, a check waits for one to measure it, and releases it at once.</remarks>
    /// <example>
    /// <code>
    /// services.AddConcurrencyGate("soap", limit: 4);
    /// services.AddHealthChecks().AddConcurrencyGate("soap");
    /// </code>
    /// </example>
    public static IHealthChecksBuilder AddConcurrencyGate(
        this IHealthChecksBuilder builder,
        string name,
        TimeSpan? maxWait = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        var limit = LimitOf(maxWait, new WaitLimit().MaxWait, nameof(maxWait));
        return AddGate(builder, name, _ => limit, failureStatus, tags);
    }

    /// <summary>Adds a check of a gate, with its limit from the configuration.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a gate that was added to the services. The name of the check is
    /// <c>gate:&lt;name&gt;</c>.</param>
    /// <param name="section">A section that may contain MaxWait: the time that a caller may wait for a permit, more than zero.
    /// It is read once.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <remarks>The host does not start with an invalid section: its start throws an OptionsValidationException. Otherwise the
    /// check is that of the other overload.</remarks>
    public static IHealthChecksBuilder AddConcurrencyGate(
        this IHealthChecksBuilder builder,
        string name,
        IConfigurationSection section,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return AddGate(builder, name, MaxWait($"gate:{name}"), failureStatus, tags).With(Wait($"gate:{name}", section));
    }

    /// <summary>Adds a check of a consumer: it fails if the consumer does not run, if its handlers are stuck, or if too many
    /// items fail.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a consumer that was added to the services. The name of the check is
    /// <c>consumer:&lt;name&gt;</c>.</param>
    /// <param name="options">The limits; null for the defaults.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <remarks>
    /// A consumer that drains, or whose source ended by itself, is degraded. One that has not started, waits for a restart,
    /// has stopped or has failed, fails the check. The result has the exception of the last failure. The data contains state,
    /// active, succeeded, failed, restarts and, while a handler runs, oldest.
    /// </remarks>
    /// <example>
    /// <code>
    /// services.AddHealthChecks().AddFanOutConsumer("orders");
    /// </code>
    /// </example>
    public static IHealthChecksBuilder AddFanOutConsumer(
        this IHealthChecksBuilder builder,
        string name,
        FanOutConsumerHealthOptions? options = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        return AddConsumer(builder, name, _ => options ?? new(), failureStatus, tags);
    }

    /// <summary>Adds a check of a consumer, with limits from the configuration.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="name">The name of a consumer that was added to the services. The name of the check is
    /// <c>consumer:&lt;name&gt;</c>.</param>
    /// <param name="section">A section with the properties of <see cref="FanOutConsumerHealthOptions"/>. It is read once. A key
    /// that it does not contain keeps the default.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <remarks>The host does not start with an invalid section: its start throws an OptionsValidationException. Otherwise the
    /// check is that of the other overload.</remarks>
    public static IHealthChecksBuilder AddFanOutConsumer(
        this IHealthChecksBuilder builder,
        string name,
        IConfigurationSection section,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return AddConsumer(
                builder, name, provider => BoundOptions<FanOutConsumerHealthOptions>.Get(provider, name), failureStatus, tags)
            .With(services => BoundOptions<FanOutConsumerHealthOptions>.Add(
                services, name, (_, faults) => HostingSections.ConsumerHealth.Bind(section, new(), faults)));
    }

    /// <summary>Adds a check of the thread pool: it fails if work recently waited too long for a thread, because blocking
    /// calls keep the threads.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="maxLatency">The time that work may wait for a thread; null for 1 s. More than zero.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLatency"/> is zero or negative.</exception>
    /// <remarks>The name of the check is <c>threadpool</c>. The latency is measured twice per second while the host runs. The
    /// highest of the last 15 s to 30 s counts, because a check that runs on the thread pool itself is too late. The data
    /// contains latency, threads and queued.</remarks>
    /// <example>
    /// <code>
    /// services.AddHealthChecks().AddThreadPool(maxLatency: TimeSpan.FromMilliseconds(500));
    /// </code>
    /// </example>
    public static IHealthChecksBuilder AddThreadPool(
        this IHealthChecksBuilder builder,
        TimeSpan? maxLatency = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        var limit = LimitOf(maxLatency, new LatencyLimit().MaxLatency, nameof(maxLatency));
        return AddPool(builder, _ => limit, failureStatus, tags);
    }

    /// <summary>Adds a check of the thread pool, with its limit from the configuration.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="section">A section that may contain MaxLatency: the time that work may wait for a thread, more than zero.
    /// It is read once.</param>
    /// <param name="failureStatus">The status of a check that fails; null for unhealthy.</param>
    /// <param name="tags">The tags of the check; null for none.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <remarks>The host does not start with an invalid section: its start throws an OptionsValidationException. Otherwise the
    /// check is that of the other overload.</remarks>
    public static IHealthChecksBuilder AddThreadPool(
        this IHealthChecksBuilder builder,
        IConfigurationSection section,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return AddPool(builder, provider => BoundOptions<LatencyLimit>.Get(provider, PoolCheck).MaxLatency, failureStatus, tags)
            .With(services => BoundOptions<LatencyLimit>.Add(
                services, PoolCheck, (_, faults) => HostingSections.Latency.Bind(section, new(), faults)));
    }

    private static IHealthChecksBuilder AddLane(
        IHealthChecksBuilder builder,
        string name,
        Func<IServiceProvider, TimeSpan> maxWait,
        HealthStatus? failureStatus,
        IEnumerable<string>? tags)
    {
        Check(builder, name);
        return builder.Add(new HealthCheckRegistration(
            $"lane:{name}",
            provider => provider.GetRequiredKeyedService<LaneHealth>(name),
            failureStatus,
            tags)).With(services => services.TryAddKeyedSingleton(name, (provider, _) => new LaneHealth(
                provider.GetRequiredKeyedService<BlockingLane>(name),
                BoundOptions<BlockingLaneOptions>.Get(provider, name).MaxQueued,
                Clock(provider),
                maxWait(provider))));
    }

    private static IHealthChecksBuilder AddGate(
        IHealthChecksBuilder builder,
        string name,
        Func<IServiceProvider, TimeSpan> maxWait,
        HealthStatus? failureStatus,
        IEnumerable<string>? tags)
    {
        Check(builder, name);
        return builder.Add(new HealthCheckRegistration(
            $"gate:{name}",
            provider => provider.GetRequiredKeyedService<GateHealth>(name),
            failureStatus,
            tags)).With(services => services.TryAddKeyedSingleton(name, (provider, _) => new GateHealth(
                provider.GetRequiredKeyedService<ConcurrencyGate>(name), Clock(provider), maxWait(provider))));
    }

    private static IHealthChecksBuilder AddPool(
        IHealthChecksBuilder builder,
        Func<IServiceProvider, TimeSpan> maxLatency,
        HealthStatus? failureStatus,
        IEnumerable<string>? tags)
    {
        Check(builder, PoolCheck);
        return builder.Add(new HealthCheckRegistration(
            PoolCheck,
            provider => new ThreadPoolHealth(provider.GetRequiredService<ThreadPoolWatch>(), maxLatency(provider)),
            failureStatus,
            tags)).With(services =>
            {
                services.TryAddSingleton(provider => new ThreadPoolWatch(Clock(provider)));
                services.TryAddEnumerable(
                    ServiceDescriptor.Singleton<IHostedService, ThreadPoolWatch>(
                        static provider => provider.GetRequiredService<ThreadPoolWatch>()));
            });
    }

    private static IHealthChecksBuilder AddConsumer(
        IHealthChecksBuilder builder,
        string name,
        Func<IServiceProvider, FanOutConsumerHealthOptions> options,
        HealthStatus? failureStatus,
        IEnumerable<string>? tags)
    {
        Check(builder, name);
        return builder.Add(new HealthCheckRegistration(
            $"consumer:{name}",
            provider => new ConsumerHealth(provider.GetRequiredKeyedService<FanOutConsumer>(name), options(provider)),
            failureStatus,
            tags));
    }

    private static void Check(IHealthChecksBuilder builder, string name)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
    }

    private static TimeSpan LimitOf(TimeSpan? given, TimeSpan standard, string parameter) =>
        Guards.AtLeast(given ?? standard, TimeSpan.FromTicks(1), parameter);

    private static Func<IServiceProvider, TimeSpan> MaxWait(string check) =>
        provider => BoundOptions<WaitLimit>.Get(provider, check).MaxWait;

    private static Action<IServiceCollection> Wait(string check, IConfigurationSection section) =>
        services => BoundOptions<WaitLimit>.Add(
            services, check, (_, faults) => HostingSections.Wait.Bind(section, new(), faults));

    private static TimeProvider Clock(IServiceProvider provider) =>
        AsyncEnvironment.Clock(AsyncKitServiceCollectionExtensions.Clock(provider, TimeProvider.System));

    private static IHealthChecksBuilder With(this IHealthChecksBuilder builder, Action<IServiceCollection> add)
    {
        add(builder.Services);
        return builder;
    }
}
