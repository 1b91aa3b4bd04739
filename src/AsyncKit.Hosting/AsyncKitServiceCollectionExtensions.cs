using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Hosting;

/// <summary>Adds gates, lanes and consumers to the services of a host.</summary>
/// <remarks>
/// Gates and lanes are keyed singletons:
/// <list type="bullet">
/// <item>A service takes one by its name: <c>[FromKeyedServices("soap")] BlockingLane lane</c>.</item>
/// <item>The clock and the logger come from the container, unless the options contain their own.</item>
/// <item>A section is read once and validated when the host starts. The exception names the key, the rule and the value
/// of every fault. An unknown key is a fault, too.</item>
/// <item>The container disposes a lane after the hosted services have stopped, and waits for the work that runs on it.
/// </item>
/// <item>A later call with the same name replaces the earlier one.</item>
/// </list>
/// </remarks>
public static partial class AsyncKitServiceCollectionExtensions
{
    private const string DefaultLaneName = "lane"; // Of options without a name.

    /// <summary>Adds a <see cref="ConcurrencyGate"/> with a limit.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The key of the service, and the name of the gate in messages and metrics.</param>
    /// <param name="limit">The maximum number of leases that are held at once: from 1 to 100,000, or 0 to start
    /// paused.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is out of range.</exception>
    /// <example>
    /// <code>
    /// services.AddConcurrencyGate("crm", limit: 16);
    ///
    /// class Crm([FromKeyedServices("crm")] ConcurrencyGate gate)
    /// {
    /// }
    /// </code>
    /// </example>
    public static IServiceCollection AddConcurrencyGate(this IServiceCollection services, string name, int limit)
    {
        _ = Guards.InRange(limit, 0, HostingSections.MaxPermits);
        return AddGate(services, name, (_, _) => new() { Limit = limit });
    }

    /// <summary>Adds a <see cref="ConcurrencyGate"/> whose limit adapts to the load.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The key of the service, and the name of the gate in messages and metrics.</param>
    /// <param name="limit">The range of the limit, and how it adapts.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IServiceCollection AddConcurrencyGate(
        this IServiceCollection services, string name, AdaptiveLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return AddGate(services, name, (_, _) => new() { Adaptive = limit });
    }

    /// <summary>Adds a <see cref="ConcurrencyGate"/> whose limit is in the configuration.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The key of the service, and the name of the gate in messages and metrics.</param>
    /// <param name="section">A section with Limit, or with the section Adaptive, which contains the properties of an
    /// <see cref="AdaptiveLimit"/>.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <remarks>The host does not start with an invalid section: its start throws an OptionsValidationException.</remarks>
    public static IServiceCollection AddConcurrencyGate(
        this IServiceCollection services, string name, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return AddGate(services, name, (_, faults) =>
        {
            var values = HostingSections.Gate.Bind(section, new(), faults);
            if (faults.Count == 0 && values.Limit is null == values.Adaptive is null)
            {
                faults.Add($"{section.Path} must contain either Limit or Adaptive.");
            }

            return values;
        });
    }

    /// <summary>Adds a <see cref="BlockingLane"/> with a number of threads.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The key of the service, and the name of the lane in messages, threads and metrics.</param>
    /// <param name="maxThreads">The maximum number of threads. At least 1.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is less than 1.</exception>
    /// <example>
    /// <code>
    /// services.AddBlockingLane("soap", maxThreads: 32);
    ///
    /// class Orders([FromKeyedServices("soap")] BlockingLane lane)
    /// {
    ///     public Task SendAsync(Order order) => lane.RunAsync(() => Soap.Send(order));
    /// }
    /// </code>
    /// </example>
    public static IServiceCollection AddBlockingLane(this IServiceCollection services, string name, int maxThreads)
    {
        CheckName(services, name);
        return services.AddBlockingLane(
            name, new BlockingLaneOptions { Name = name, MaxThreads = Guards.AtLeast(maxThreads, 1) });
    }

    /// <summary>Adds a <see cref="BlockingLane"/> with options.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The key of the service. It is also the name of the lane in messages, threads and metrics, unless
    /// the options contain another.</param>
    /// <param name="options">The options of the lane.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IServiceCollection AddBlockingLane(
        this IServiceCollection services, string name, BlockingLaneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return AddLane(services, name, _ => options);
    }

    /// <summary>Adds a <see cref="BlockingLane"/> whose options are in the configuration.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The key of the service. It is also the name of the lane in messages, threads and metrics, unless
    /// the section contains another.</param>
    /// <param name="section">A section with the properties of <see cref="BlockingLaneOptions"/>. MaxThreads is
    /// required.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <remarks>The host does not start with an invalid section: its start throws an OptionsValidationException.</remarks>
    public static IServiceCollection AddBlockingLane(
        this IServiceCollection services, string name, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return AddLane(
            services,
            name,
            faults => HostingSections.Lane.Bind(section, new BlockingLaneOptions { Name = name, MaxThreads = 1 }, faults));
    }

    /// <summary>Checks the arguments that every registration has.</summary>
    internal static void CheckName(IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0)
        {
            throw new ArgumentException("name must not be empty.", nameof(name));
        }
    }

    /// <summary>The clock of the container replaces the system's, and no other.</summary>
    internal static TimeProvider Clock(IServiceProvider provider, TimeProvider given) =>
        given == TimeProvider.System ? provider.GetService<TimeProvider>() ?? given : given;

    private static IServiceCollection AddGate(
        IServiceCollection services,
        string name,
        Func<IServiceProvider, ICollection<string>, HostingSections.GateValues> read)
    {
        CheckName(services, name);
        BoundOptions<HostingSections.GateValues>.Add(services, name, read);
        return services.AddKeyedSingleton(name, (provider, _) =>
        {
            var values = BoundOptions<HostingSections.GateValues>.Get(provider, name);
            var clock = Clock(provider, TimeProvider.System);
            return values.Adaptive is { } adaptive
                ? new ConcurrencyGate(adaptive) { Name = name, TimeProvider = clock }
                : new ConcurrencyGate(values.Limit!.Value) { Name = name, TimeProvider = clock };
        });
    }

    private static IServiceCollection AddLane(
        IServiceCollection services, string name, Func<ICollection<string>, BlockingLaneOptions> read)
    {
        CheckName(services, name);
        BoundOptions<BlockingLaneOptions>.Add(services, name, (_, faults) => read(faults));
        return services.AddKeyedSingleton(name, (provider, _) =>
        {
            var options = BoundOptions<BlockingLaneOptions>.Get(provider, name);
            return new BlockingLane(options with
            {
                Name = options.Name.Equals(DefaultLaneName, StringComparison.Ordinal) ? name : options.Name,
                Logger = options.Logger ?? provider.GetService<ILogger<BlockingLane>>(),
                TimeProvider = Clock(provider, options.TimeProvider),
            });
        });
    }
}
