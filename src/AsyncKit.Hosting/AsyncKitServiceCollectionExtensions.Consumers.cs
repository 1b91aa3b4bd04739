using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit.Hosting;

/// <content>Consumers.</content>
public static partial class AsyncKitServiceCollectionExtensions
{
    /// <summary>Adds a background service that calls a handler for every item of a source, with a concurrency
    /// limit.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="services">The services to add to.</param>
    /// <param name="name">The name of the consumer: the key of its <see cref="FanOutConsumer"/>, and the name of the run
    /// in logs, metrics and spans. Each consumer needs another name.</param>
    /// <param name="source">Returns the items, for example the reader of a channel, a queue client or a table that is
    /// polled. It is called again for each restart, with the services of a scope that lasts until its enumeration
    /// ends.</param>
    /// <param name="options">The limit and the other settings.</param>
    /// <param name="handler">The function to call for each item, with the services of a scope. Its token is cancelled if
    /// the shutdown takes too long. Pass the token on.</param>
    /// <param name="configure">Adds what only the container has, for example a gate; null for nothing. It is called once,
    /// before the host starts.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, or another consumer has it.</exception>
    /// <remarks>The guarantees are listed on <see cref="FanOutConsumer"/>.</remarks>
    /// <example>
    /// <code>
    /// services.AddFanOutConsumer&lt;Order&gt;(
    ///     "orders",
    ///     provider =&gt; provider.GetRequiredService&lt;Channel&lt;Order&gt;&gt;().Reader.ReadAllAsync(),
    ///     new FanOutConsumerOptions(maxConcurrency: 8),
    ///     (provider, order, token) =&gt; provider.GetRequiredService&lt;OrderStore&gt;().SaveAsync(order, token));
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static IServiceCollection AddFanOutConsumer<T>(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        FanOutConsumerOptions options,
        Func<IServiceProvider, T, CancellationToken, ValueTask> handler,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Add(services, name, source, Given(options), handler, configure);
    }

    /// <inheritdoc cref="AddFanOutConsumer{T}(IServiceCollection, string, Func{IServiceProvider, IAsyncEnumerable{T}}, FanOutConsumerOptions, Func{IServiceProvider, T, CancellationToken, ValueTask}, Func{IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions})"/>
    public static IServiceCollection AddFanOutConsumer<T>(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        FanOutConsumerOptions options,
        Func<IServiceProvider, T, CancellationToken, Task> handler,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure = null) =>
        Add(services, name, source, Given(options), Adapt(handler), configure);

    /// <summary>Adds a background service that calls a handler for every item of a source, with options from the
    /// configuration.</summary>
    /// <param name="section">A section with the properties of <see cref="FanOutConsumerOptions"/>.
    /// FanOut:MaxConcurrency is required. It is read once and validated when the host starts; the exception names the
    /// key, the rule and the value of every fault.</param>
    /// <inheritdoc cref="AddFanOutConsumer{T}(IServiceCollection, string, Func{IServiceProvider, IAsyncEnumerable{T}}, FanOutConsumerOptions, Func{IServiceProvider, T, CancellationToken, ValueTask}, Func{IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions})" path="/*[not(self::summary) and not(self::param[@name='options']) and not(self::example)]"/>
    [OverloadResolutionPriority(1)]
    public static IServiceCollection AddFanOutConsumer<T>(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        IConfigurationSection section,
        Func<IServiceProvider, T, CancellationToken, ValueTask> handler,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Add(services, name, source, From(section), handler, configure);
    }

    /// <inheritdoc cref="AddFanOutConsumer{T}(IServiceCollection, string, Func{IServiceProvider, IAsyncEnumerable{T}}, IConfigurationSection, Func{IServiceProvider, T, CancellationToken, ValueTask}, Func{IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions})"/>
    public static IServiceCollection AddFanOutConsumer<T>(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        IConfigurationSection section,
        Func<IServiceProvider, T, CancellationToken, Task> handler,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure = null) =>
        Add(services, name, source, From(section), Adapt(handler), configure);

    /// <summary>Adds a background service that handles every item of a source by a service, with a concurrency
    /// limit.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="THandler">The type of the handler. It is added as a scoped service, unless the services contain it
    /// already.</typeparam>
    /// <inheritdoc cref="AddFanOutConsumer{T}(IServiceCollection, string, Func{IServiceProvider, IAsyncEnumerable{T}}, FanOutConsumerOptions, Func{IServiceProvider, T, CancellationToken, ValueTask}, Func{IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions})" path="/*[self::param[@name!='handler'] or self::returns or self::exception or self::remarks]"/>
    /// <example>
    /// <code>
    /// services.AddFanOutConsumer&lt;Order, OrderHandler&gt;(
    ///     "orders",
    ///     provider =&gt; provider.GetRequiredService&lt;Channel&lt;Order&gt;&gt;().Reader.ReadAllAsync(),
    ///     new FanOutConsumerOptions(maxConcurrency: 8));
    /// </code>
    /// </example>
    public static IServiceCollection AddFanOutConsumer<
        T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        FanOutConsumerOptions options,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure = null)
        where THandler : class, IFanOutHandler<T> =>
        AddTyped<T, THandler>(services, name, source, Given(options), configure);

    /// <summary>Adds a background service that handles every item of a source by a service, with options from the
    /// configuration.</summary>
    /// <param name="section">A section with the properties of <see cref="FanOutConsumerOptions"/>.
    /// FanOut:MaxConcurrency is required. It is read once and validated when the host starts; the exception names the
    /// key, the rule and the value of every fault.</param>
    /// <inheritdoc cref="AddFanOutConsumer{T, THandler}(IServiceCollection, string, Func{IServiceProvider, IAsyncEnumerable{T}}, FanOutConsumerOptions, Func{IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions})" path="/*[not(self::summary) and not(self::param[@name='options']) and not(self::example)]"/>
    public static IServiceCollection AddFanOutConsumer<
        T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        this IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        IConfigurationSection section,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure = null)
        where THandler : class, IFanOutHandler<T> =>
        AddTyped<T, THandler>(services, name, source, From(section), configure);

    private static IServiceCollection AddTyped<
        T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        Func<ICollection<string>, FanOutConsumerOptions> read,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure)
        where THandler : class, IFanOutHandler<T>
    {
        Add(
            services,
            name,
            source,
            read,
            static (provider, item, token) => provider.GetRequiredService<THandler>().HandleAsync(item, token),
            configure);
        services.TryAddScoped<THandler>();
        return services;
    }

    private static IServiceCollection Add<T>(
        IServiceCollection services,
        string name,
        Func<IServiceProvider, IAsyncEnumerable<T>> source,
        Func<ICollection<string>, FanOutConsumerOptions> read,
        Func<IServiceProvider, T, CancellationToken, ValueTask> handler,
        Func<IServiceProvider, FanOutConsumerOptions, FanOutConsumerOptions>? configure)
    {
        CheckName(services, name);
        ArgumentNullException.ThrowIfNull(source);
        if (services.Any(one => one.ServiceType == typeof(FanOutConsumer) && name.Equals(one.ServiceKey)))
        {
            throw new ArgumentException($"name must be another than that of each other consumer; it was '{name}'.", nameof(name));
        }

        BoundOptions<FanOutConsumerOptions>.Add(services, name, (provider, faults) =>
        {
            var options = read(faults);
            if (faults.Count > 0)
            {
                return options;
            }

            options = configure is null
                ? options
                : configure(provider, options) ?? throw new InvalidOperationException(
                    $"configure of the consumer '{name}' returned null instead of options.");
            try
            {
                ConsumerRun<T>.Check(options);
            }
            catch (ArgumentException exception)
            {
                faults.Add($"The consumer '{name}': {exception.Message.Split(" (Parameter")[0]}");
            }

            return options;
        });
        services.TryAddSingleton(static provider => new ConsumerMetrics(provider.GetService<IMeterFactory>()));
        services.AddKeyedSingleton(name, (provider, _) =>
        {
            var consumer = new FanOutConsumer(
                name, Clock(provider, BoundOptions<FanOutConsumerOptions>.Get(provider, name).FanOut.TimeProvider));
            provider.GetRequiredService<ConsumerMetrics>().Add(consumer);
            return consumer;
        });
        return services.AddSingleton<IHostedService>(provider => new ConsumerService<T>(
            provider, provider.GetRequiredKeyedService<FanOutConsumer>(name), source, handler));
    }

    private static Func<ICollection<string>, FanOutConsumerOptions> Given(FanOutConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _ => options;
    }

    private static Func<ICollection<string>, FanOutConsumerOptions> From(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return faults => HostingSections.Consumer.Bind(section, new FanOutConsumerOptions(1), faults);
    }

    private static Func<IServiceProvider, T, CancellationToken, ValueTask> Adapt<T>(
        Func<IServiceProvider, T, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (provider, item, token) => new ValueTask(
            handler(provider, item, token) ?? throw new InvalidOperationException("The handler returned null instead of a Task."));
    }
}
