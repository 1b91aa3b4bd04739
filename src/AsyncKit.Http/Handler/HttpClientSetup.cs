using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace AsyncKit.Http;

/// <summary>Adds AsyncKit to the options from which the factory creates a client.</summary>
/// <param name="name">The name of the client; null for all clients.</param>
/// <param name="options">The options of the handlers.</param>
/// <remarks>The defaults come before every action of the application, in any order of the calls. So an action of
/// the application always wins.</remarks>
internal sealed class HttpClientSetup(string? name, IOptionsMonitor<AsyncKitHttpOptions> options)
    : IConfigureNamedOptions<HttpClientFactoryOptions>
{
    public void Configure(HttpClientFactoryOptions options) => Configure("", options);

    public void Configure(string? client, HttpClientFactoryOptions factory)
    {
        if (name is not null && !name.Equals(client, StringComparison.Ordinal))
        {
            return;
        }

        factory.HttpMessageHandlerBuilderActions.Insert(0, SetDefaults);
        factory.HttpMessageHandlerBuilderActions.Add(AddHandler);
        factory.HttpClientActions.Insert(0, http => SetTimeout(http, options.Get(client).Retry.TotalTimeout));
    }

    /// <summary>Changes the handler that the factory created, before the application can set or replace it.</summary>
    private static void SetDefaults(HttpMessageHandlerBuilder builder)
    {
        if (builder.PrimaryHandler is SocketsHttpHandler handler)
        {
            handler.EnableMultipleHttp2Connections = true;
        }
    }

    private static void AddHandler(HttpMessageHandlerBuilder builder)
    {
        if (!builder.AdditionalHandlers.Any(handler => handler is AsyncKitHttpHandler))
        {
            var policies = builder.Services.GetRequiredService<HttpPolicyCache>();
            builder.AdditionalHandlers.Add(new AsyncKitHttpHandler(policies.Of(builder.Name ?? "")));
        }
    }

    /// <summary>Replaces the timeout of the client only by one that covers as much.</summary>
    private static void SetTimeout(HttpClient client, TimeSpan? total)
    {
        if (total is { } limit && Guards.IsFinite(limit))
        {
            client.Timeout = Timeout.InfiniteTimeSpan;
        }
    }
}
