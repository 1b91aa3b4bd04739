using AsyncKit.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AsyncKit.Diagnostics;

/// <summary>Adds a <see cref="BlockingDetector"/> to the services of a host.</summary>
public static class BlockingDetectorServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="BlockingDetector"/> that runs as long as the host, and logs what it finds.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="options">The thresholds and the callbacks; null for the defaults.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>It starts before the hosted services and stops after them.</item>
    /// <item>The logger has the category AsyncKit.Diagnostics.BlockingDetector. The logger and the clock come from the
    /// container, unless the options contain their own.</item>
    /// <item>A host has one detector. A later call replaces the options of an earlier one.</item>
    /// </list>
    /// </remarks>
    /// <example>
    /// <code>
    /// services.AddBlockingDetector(configuration.GetSection("BlockingDetector")); // { "Enabled": true }
    /// </code>
    /// </example>
    public static IServiceCollection AddBlockingDetector(
        this IServiceCollection services, BlockingDetectorOptions? options = null) =>
        Add(services, _ => new DetectorSettings(options ?? new()));

    /// <summary>Adds a <see cref="BlockingDetector"/> whose options are in the configuration.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="section">A section with the properties of <see cref="BlockingDetectorOptions"/> and with Enabled, which is
    /// true by default. It is read once and validated when the host starts: an OptionsValidationException names the key, the
    /// rule and the value of every fault.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <remarks>The guarantees of the other overload apply.</remarks>
    public static IServiceCollection AddBlockingDetector(this IServiceCollection services, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Add(services, faults => DetectorSettings.Section.Bind(section, new(new()), faults));
    }

    private static IServiceCollection Add(IServiceCollection services, Func<ICollection<string>, DetectorSettings> read)
    {
        ArgumentNullException.ThrowIfNull(services);
        BoundOptions<DetectorSettings>.Add(services, Options.DefaultName, (provider, faults) =>
        {
            var settings = read(faults);
            var options = settings.Options;
            return settings.With(options with
            {
                Logger = options.Logger ?? provider.GetService<ILogger<BlockingDetector>>(),
                TimeProvider = options.TimeProvider == TimeProvider.System
                    ? provider.GetService<TimeProvider>() ?? options.TimeProvider
                    : options.TimeProvider,
            });
        });
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, BlockingDetectorService>(
            static provider => new BlockingDetectorService(
                BoundOptions<DetectorSettings>.Get(provider, Options.DefaultName))));
        return services;
    }
}
