using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;

namespace AsyncKit.Http;

/// <summary>Adds AsyncKit to the clients of <see cref="IHttpClientFactory"/>.</summary>
public static class AsyncKitHttpClientBuilderExtensions
{
    private static readonly TimeSpan DefaultClientTimeout = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    /// <summary>Adds an <see cref="AsyncKitHttpHandler"/> to the client, and sets the recommended defaults of its
    /// connections.</summary>
    /// <param name="builder">The builder of one client, or of the defaults of all clients.</param>
    /// <param name="configure">An action that sets the client's options; null for the defaults. The options are named,
    /// so <c>services.Configure&lt;AsyncKitHttpOptions&gt;(name, section)</c> can add to them.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// <list type="bullet">
    /// <item>A client has one handler. A second call configures the same handler.</item>
    /// <item>The limits of a host belong to the client, even when the factory creates new handlers.</item>
    /// <item><see cref="HttpClient.Timeout"/> becomes infinite if it is the default of 100 s, because it includes the
    /// time in the queue. The handler's own timeouts replace it.</item>
    /// <item>A <see cref="SocketsHttpHandler"/> gets these defaults where the application set nothing: connections live
    /// for 2 minutes, so that a changed DNS entry takes effect. HTTP/2 may open more than one connection. A handler that
    /// already sent requests stays unchanged. Decompression stays as the application set it.</item>
    /// </list>
    /// The guarantees of the requests are listed on <see cref="AsyncKitHttpHandler"/>.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <example>
    /// <code>
    /// services.AddHttpClient("catalog").AddAsyncKit(options =>
    /// {
    ///     options.MaxConcurrencyPerHost = 16;
    ///     options.Retry = options.Retry with { MaxAttempts = 3 };
    /// });
    /// </code>
    /// </example>
    public static IHttpClientBuilder AddAsyncKit(
        this IHttpClientBuilder builder, Action<AsyncKitHttpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions();
        builder.Services.TryAddSingleton<HttpPolicyCache>();
        if (configure is not null)
        {
            builder.Services.Configure(builder.Name, configure);
        }

        builder.Services.Configure<HttpClientFactoryOptions>(builder.Name, options =>
        {
            options.HttpMessageHandlerBuilderActions.Add(AddHandler);
            options.HttpClientActions.Add(client =>
                client.Timeout = client.Timeout == DefaultClientTimeout ? Timeout.InfiniteTimeSpan : client.Timeout);
        });
        return builder;
    }

    private static void AddHandler(HttpMessageHandlerBuilder builder)
    {
        if (builder.AdditionalHandlers.Any(handler => handler is AsyncKitHttpHandler))
        {
            return;
        }

        var policies = builder.Services.GetRequiredService<HttpPolicyCache>();
        builder.AdditionalHandlers.Add(new AsyncKitHttpHandler(policies.Of(builder.Name ?? "")));
        if (builder.PrimaryHandler is SocketsHttpHandler sockets)
        {
            SetDefaults(sockets);
        }
    }

    private static void SetDefaults(SocketsHttpHandler handler)
    {
        try
        {
            if (handler.PooledConnectionLifetime == Timeout.InfiniteTimeSpan)
            {
                handler.PooledConnectionLifetime = ConnectionLifetime;
            }

            handler.EnableMultipleHttp2Connections = true;
        }
        catch (InvalidOperationException)
        {
            // The handler already sent requests: one that the application shares stays unchanged.
        }
    }
}
