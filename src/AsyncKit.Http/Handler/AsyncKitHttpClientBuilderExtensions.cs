using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace AsyncKit.Http;

/// <summary>Adds AsyncKit to the clients of <see cref="IHttpClientFactory"/>.</summary>
public static class AsyncKitHttpClientBuilderExtensions
{
    /// <summary>Adds an <see cref="AsyncKitHttpHandler"/> to the client.</summary>
    /// <param name="builder">The builder of one client, or of the defaults of all clients.</param>
    /// <param name="configure">An action that sets the client's options; null for the defaults. The options are named,
    /// so <c>services.Configure&lt;AsyncKitHttpOptions&gt;(name, section)</c> can add to them.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// <list type="bullet">
    /// <item>A client has one handler. A second call configures the same handler.</item>
    /// <item>The limits of a host belong to the client, even when the factory creates new handlers.</item>
    /// <item>Every value that the application sets stays, and the order of the calls does not matter.</item>
    /// <item>If <see cref="RetryOptions.TotalTimeout"/> is set, which is the default, it replaces
    /// <see cref="HttpClient.Timeout"/>, whose default becomes infinite: that timeout includes the wait for a limit. Both
    /// cover the headers and the body.</item>
    /// <item>The factory's own <see cref="SocketsHttpHandler"/> may open more than one HTTP/2 connection. A handler of the
    /// application stays unchanged, and no decompression is turned on.</item>
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

        var name = builder.Name; // Null for the defaults of all clients.
        builder.Services.AddSingleton<IConfigureOptions<HttpClientFactoryOptions>>(
            services => new HttpClientSetup(name, services.GetRequiredService<IOptionsMonitor<AsyncKitHttpOptions>>()));
        return builder;
    }
}
