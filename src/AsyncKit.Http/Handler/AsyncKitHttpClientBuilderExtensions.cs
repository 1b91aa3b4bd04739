using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;

namespace AsyncKit.Http;

/// <summary>AsyncKit for the clients of <see cref="IHttpClientFactory"/>.</summary>
public static class AsyncKitHttpClientBuilderExtensions
{
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    /// <summary>Puts an <see cref="AsyncKitHttpHandler"/> into the client, and sets what a client should have.</summary>
    /// <param name="builder">Of one client, or of the defaults for all of them.</param>
    /// <param name="configure">Sets the client's options; null for the defaults. The options are named ones, so
    /// <c>services.Configure&lt;AsyncKitHttpOptions&gt;(name, section)</c> works beside it.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// Once for each client: a second call configures the same handler. The limits of a host are the client's, also when the
    /// factory makes new handlers. <see cref="HttpClient.Timeout"/> is set to infinite if it is the usual 100 s, since it
    /// counts the time in the queue; the handler's own limits take its place. On a <see cref="SocketsHttpHandler"/>, and only
    /// where nothing else was set: connections live for 2 minutes, so that a changed DNS entry is seen; HTTP/2 may open more
    /// than one connection; responses are decompressed. One that has sent requests already stays as it is.
    /// </remarks>
    /// <exception cref="ArgumentNullException">The builder is null.</exception>
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
                client.Timeout = client.Timeout == UsualTimeout ? Timeout.InfiniteTimeSpan : client.Timeout);
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

            if (handler.AutomaticDecompression == System.Net.DecompressionMethods.None)
            {
                handler.AutomaticDecompression = System.Net.DecompressionMethods.All;
            }

            handler.EnableMultipleHttp2Connections = true;
        }
        catch (InvalidOperationException)
        {
            // It has sent requests already: a handler that the application shares stays as it is.
        }
    }
}
