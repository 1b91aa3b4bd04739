using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using AsyncKit.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit.RabbitMQ;

/// <summary>Adds a <see cref="RabbitRemote"/> and workers to the services of a host.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>The connection opens before other hosted services start. The host does not start if that fails.</item>
/// <item>The clock and the logger come from the container, unless the options contain their own.</item>
/// <item>When the host stops, a worker drains: it takes no further item and awaits those that run, their replies and
/// their acknowledgements.</item>
/// <item>The container disposes the connection after the hosted services have stopped. Items that still run then go to
/// other workers.</item>
/// </list>
/// </remarks>
public static class RabbitServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="RabbitRemote"/> as a singleton. It is available once the host starts.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="uri">The address of the broker, as for <see cref="RabbitRemote.ConnectAsync"/>.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter without a default is null.</exception>
    /// <remarks>A later call replaces the earlier one.</remarks>
    /// <example>
    /// <code>
    /// services.AddRabbitRemote(new Uri("amqps://user:secret@host/vhost"));
    /// services.AddRemoteWorker(
    ///     "resize", new RabbitServeOptions(16), Jobs.Default.Image, Jobs.Default.Thumb,
    ///     (provider, image, token) =&gt; provider.GetRequiredService&lt;Resizer&gt;().ResizeAsync(image, token));
    /// services.AddHealthChecks().AddRabbitRemote().AddRemoteWorker("resize");
    /// </code>
    /// </example>
    public static IServiceCollection AddRabbitRemote(
        this IServiceCollection services, Uri uri, RabbitRemoteOptions? options = null)
    {
        _ = Guards.NotNull(uri);
        return services.AddRabbitRemote(_ => uri, options);
    }

    /// <param name="uri">Returns the address of the broker, for example from the configuration. It is called once, when
    /// the host starts.</param>
    /// <inheritdoc cref="AddRabbitRemote(IServiceCollection, Uri, RabbitRemoteOptions)" path="/*[not(self::param[@name='uri'])]"/>
    public static IServiceCollection AddRabbitRemote(
        this IServiceCollection services, Func<IServiceProvider, Uri> uri, RabbitRemoteOptions? options = null) =>
        AddRemote(services, uri, _ => options ?? new());

    /// <summary>Adds a <see cref="RabbitRemote"/> as a singleton, with options from the configuration.</summary>
    /// <param name="uri">Returns the address of the broker. It is called once, when the host starts.</param>
    /// <param name="section">A section with the properties of <see cref="RabbitRemoteOptions"/>. It is read once and validated
    /// when the host starts; the exception names the key, the rule and the value of every fault.</param>
    /// <inheritdoc cref="AddRabbitRemote(IServiceCollection, Uri, RabbitRemoteOptions)" path="/*[not(self::summary) and not(self::param[@name='uri' or @name='options']) and not(self::example)]"/>
    public static IServiceCollection AddRabbitRemote(
        this IServiceCollection services, Func<IServiceProvider, Uri> uri, IConfigurationSection section)
    {
        _ = Guards.NotNull(section);
        return AddRemote(services, uri, faults => RabbitSections.Remote.Bind(section, new(), faults));
    }

    /// <summary>Adds a background service that serves an operation, as <c>ServeAsync</c> does.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="services">The services to add to, which have a remote by <c>AddRabbitRemote</c>.</param>
    /// <param name="name">The name of the operation: 1 to 200 ASCII letters, digits, dots, dashes and underscores. Each
    /// worker of a host needs another name.</param>
    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <param name="itemType">The JSON contract of the items.</param>
    /// <param name="resultType">The JSON contract of the results.</param>
    /// <param name="operation">The operation to run for each item, with the services of a scope that ends with the item.
    /// Its token is cancelled as in <c>ServeAsync</c>. Pass the token on.</param>
    /// <returns>The same services.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a name, or another worker has it.</exception>
    /// <remarks>A worker that fails, for example because of a queue that conflicts, stops the host, as any background
    /// service. A client whose operation has no result ignores the result of the worker.</remarks>
    /// <inheritdoc cref="AddRabbitRemote(IServiceCollection, Uri, RabbitRemoteOptions)" path="/example"/>
    [OverloadResolutionPriority(1)]
    public static IServiceCollection AddRemoteWorker<T, TResult>(
        this IServiceCollection services,
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<IServiceProvider, T, CancellationToken, ValueTask<TResult>> operation)
    {
        _ = Guards.NotNull(options);
        return AddWorker(services, name, _ => options, itemType, resultType, operation);
    }

    /// <inheritdoc cref="AddRemoteWorker{T, TResult}(IServiceCollection, string, RabbitServeOptions, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{IServiceProvider, T, CancellationToken, ValueTask{TResult}})"/>
    public static IServiceCollection AddRemoteWorker<T, TResult>(
        this IServiceCollection services,
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<IServiceProvider, T, CancellationToken, Task<TResult>> operation)
    {
        _ = Guards.NotNull(options);
        return AddWorker(services, name, _ => options, itemType, resultType, Adapt(operation));
    }

    /// <summary>Adds a background service that serves an operation, with options from the configuration.</summary>
    /// <param name="section">A section with the properties of <see cref="RabbitServeOptions"/>. MaxConcurrency is required. It
    /// is read once and validated when the host starts; the exception names the key, the rule and the value of every
    /// fault.</param>
    /// <inheritdoc cref="AddRemoteWorker{T, TResult}(IServiceCollection, string, RabbitServeOptions, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{IServiceProvider, T, CancellationToken, ValueTask{TResult}})" path="/*[not(self::summary) and not(self::param[@name='options']) and not(self::example)]"/>
    [OverloadResolutionPriority(1)]
    public static IServiceCollection AddRemoteWorker<T, TResult>(
        this IServiceCollection services,
        string name,
        IConfigurationSection section,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<IServiceProvider, T, CancellationToken, ValueTask<TResult>> operation) =>
        AddWorker(services, name, From(section), itemType, resultType, operation);

    /// <inheritdoc cref="AddRemoteWorker{T, TResult}(IServiceCollection, string, IConfigurationSection, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{IServiceProvider, T, CancellationToken, ValueTask{TResult}})"/>
    public static IServiceCollection AddRemoteWorker<T, TResult>(
        this IServiceCollection services,
        string name,
        IConfigurationSection section,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<IServiceProvider, T, CancellationToken, Task<TResult>> operation) =>
        AddWorker(services, name, From(section), itemType, resultType, Adapt(operation));

    private static Func<ICollection<string>, RabbitServeOptions> From(IConfigurationSection section)
    {
        _ = Guards.NotNull(section);
        return faults => RabbitSections.Serve.Bind(section, new(1), faults);
    }

    private static Func<IServiceProvider, T, CancellationToken, ValueTask<TResult>> Adapt<T, TResult>(
        Func<IServiceProvider, T, CancellationToken, Task<TResult>> operation)
    {
        _ = Guards.NotNull(operation);
        return (provider, item, cancellationToken) => new ValueTask<TResult>(operation(provider, item, cancellationToken));
    }

    private static IServiceCollection AddRemote(
        IServiceCollection services, Func<IServiceProvider, Uri> uri, Func<ICollection<string>, RabbitRemoteOptions> read)
    {
        _ = Guards.NotNull(services);
        _ = Guards.NotNull(uri);
        services.RemoveAll<RemoteService>();
        services.RemoveAll<RabbitRemote>();
        BoundOptions<RabbitRemoteOptions>.Add(services, Options.DefaultName, (_, faults) => read(faults));
        services.AddSingleton(provider => new RemoteService(
            provider, uri, BoundOptions<RabbitRemoteOptions>.Get(provider, Options.DefaultName)));
        services.AddSingleton(provider => provider.GetRequiredService<RemoteService>().Remote);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RemoteService>(
            static provider => provider.GetRequiredService<RemoteService>()));
        return services;
    }

    private static IServiceCollection AddWorker<T, TResult>(
        IServiceCollection services,
        string name,
        Func<ICollection<string>, RabbitServeOptions> read,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<IServiceProvider, T, CancellationToken, ValueTask<TResult>> operation)
    {
        _ = Guards.NotNull(itemType);
        _ = Guards.NotNull(resultType);
        _ = Guards.NotNull(operation);
        Add(services, name, provider => (remote, stop) => remote.ServeAsync(
            name,
            BoundOptions<RabbitServeOptions>.Get(provider, name),
            itemType,
            resultType,
            async (item, cancellationToken) =>
            {
                var scope = provider.CreateAsyncScope();
                try
                {
                    return await operation(scope.ServiceProvider, item, cancellationToken).NoContext();
                }
                finally
                {
                    await scope.DisposeAsync().NoContext();
                }
            },
            stop));
        BoundOptions<RabbitServeOptions>.Add(services, name, (_, faults) => read(faults));
        return services;
    }

    private static void Add(
        IServiceCollection services,
        string name,
        Func<IServiceProvider, Func<RabbitRemote, CancellationToken, Task>> serve)
    {
        _ = Guards.NotNull(services);
        _ = Topology.CheckName(name);
        if (services.Any(service =>
            service.ServiceType == typeof(RemoteWorkerService) && name.Equals(service.ServiceKey)))
        {
            throw new ArgumentException($"name must differ from those of the other workers; it was \"{name}\".", nameof(name));
        }

        services.AddKeyedSingleton(name, (provider, _) => new RemoteWorkerService(
            provider.GetRequiredService<RemoteService>(), serve(provider)));
        services.AddSingleton<IHostedService>(
            provider => provider.GetRequiredKeyedService<RemoteWorkerService>(name));
    }
}
