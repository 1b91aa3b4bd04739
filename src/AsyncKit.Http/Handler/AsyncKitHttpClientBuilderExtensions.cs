using Microsoft.Extensions.Configuration;
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
    /// so <c>services.Configure&lt;AsyncKitHttpOptions&gt;(name, action)</c> can add to them.</param>
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
    /// <item>The options are validated when the host starts. Without a host, they are validated when the first client is
    /// created.</item>
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
        builder.Services.AddOptions<AsyncKitHttpOptions>(builder.Name).ValidateOnStart();
        builder.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<AsyncKitHttpOptions>, AsyncKitHttpOptionsValidator>());
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

    /// <summary>Adds an <see cref="AsyncKitHttpHandler"/> to the client, with options from the configuration.</summary>
    /// <param name="builder">The builder of one client, or of the defaults of all clients.</param>
    /// <param name="section">A section with the properties of <see cref="AsyncKitHttpOptions"/>, for example
    /// <c>{ "MaxConcurrencyPerHost": 16, "Retry": { "MaxAttempts": 3, "Backoff": "Constant(00:00:01)" } }</c>. It is read
    /// once. A key that it does not contain keeps the default.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <remarks>The guarantees of the other overload apply. The host does not start with a wrong value or an unknown key: its
    /// start throws an <see cref="OptionsValidationException"/> that names the key, the rule and the value of every
    /// fault.</remarks>
    public static IHttpClientBuilder AddAsyncKit(this IHttpClientBuilder builder, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return builder.AddAsyncKit(options =>
        {
            var faults = new List<string>();
            _ = HttpSections.Handler.Bind(section, options, faults);
            if (faults.Count > 0)
            {
                throw new OptionsValidationException(section.Path, typeof(AsyncKitHttpOptions), faults);
            }
        });
    }
}
