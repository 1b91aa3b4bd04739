using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Moq;
using Moq.Protected;

namespace AsyncKit.Http.Tests;

public sealed class AsyncKitHttpClientBuilderExtensionsTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task AddAsyncKit_adds_the_handler_to_the_client()
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        await using var services = Services(clients => clients.AddHttpClient("pages")
            .ConfigurePrimaryHttpMessageHandler(() => stub)
            .AddAsyncKit(options => options.Retry = options.Retry with { Backoff = Backoff.None }));

        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("pages");
        using var response = await client.GetAsync(HandlerTest.Address);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, stub.Requests.Count);
    }

    [Fact]
    public async Task AddAsyncKit_works_without_configuration()
    {
        await using var services = Services(clients => clients.AddHttpClient("pages")
            .ConfigurePrimaryHttpMessageHandler(() => StubHandler.Of(HttpStatusCode.OK)).AddAsyncKit());

        using var response = await Client(services).GetAsync(HandlerTest.Address);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_second_call_configures_the_same_handler()
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        await using var services = Services(clients => clients.AddHttpClient("pages")
            .ConfigurePrimaryHttpMessageHandler(() => stub)
            .AddAsyncKit(options => options.MaxConcurrencyPerHost = 1)
            .AddAsyncKit(options => options.Retry = new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None }));

        using var response = await Client(services).GetAsync(HandlerTest.Address).OrHangs();

        Assert.Equal(2, stub.Requests.Count);
    }

    [Fact]
    public async Task AddAsyncKit_on_the_defaults_and_on_one_client_adds_one_handler()
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        await using var services = Services(services =>
        {
            services.ConfigureHttpClientDefaults(client => client
                .ConfigurePrimaryHttpMessageHandler(() => stub)
                .AddAsyncKit(options => options.Retry = new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None }));
            services.AddHttpClient("more")
                .AddAsyncKit(options => options.Retry = options.Retry with { MaxAttempts = 5 });
        });

        using var usual = await Client(services).GetAsync(HandlerTest.Address);
        Assert.Equal(2, stub.Requests.Count);

        using var more = await Client(services, "more").GetAsync(HandlerTest.Address);
        Assert.Equal(2 + 5, stub.Requests.Count);
    }

    [Fact]
    public async Task Named_options_configure_the_handler()
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        await using var services = Services(services =>
        {
            services.AddHttpClient("pages").ConfigurePrimaryHttpMessageHandler(() => stub).AddAsyncKit();
            services.Configure<AsyncKitHttpOptions>("pages", options => options.Retry = new RetryOptions { MaxAttempts = 1 });
        });

        using var response = await Client(services).GetAsync(HandlerTest.Address);

        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task The_limits_of_a_host_belong_to_the_client_even_when_the_factory_replaces_its_handlers()
    {
        await using var services = Services(clients => clients.AddHttpClient("pages")
            .ConfigurePrimaryHttpMessageHandler(() => StubHandler.Of(HttpStatusCode.OK))
            .AddAsyncKit(options => options.MaxConcurrencyPerHost = 1));
        var handlers = services.GetRequiredService<IHttpMessageHandlerFactory>();
        using var one = new HttpMessageInvoker(Make());
        using var other = new HttpMessageInvoker(Make());

        var first = await one.GetAsync();
        using var source = new CancellationTokenSource();
        var second = other.GetAsync(cancellationToken: source.Token);
        Assert.False(second.IsCompleted);
        first.Dispose();

        using var response = await second.OrHangs();
        response.Dispose();

        one.Dispose(); // Expired handlers do not dispose the shared policy.
        using var third = await other.GetAsync().OrHangs();

        // Mimics the factory after the lifetime of the handlers expired.
        HttpMessageHandler Make()
        {
            var options = services.GetRequiredService<Microsoft.Extensions.Options.IOptionsMonitor<
                Microsoft.Extensions.Http.HttpClientFactoryOptions>>().Get("pages");
            var builder = services.GetRequiredService<Microsoft.Extensions.Http.HttpMessageHandlerBuilder>();
            builder.Name = "pages";
            foreach (var action in options.HttpMessageHandlerBuilderActions)
            {
                action(builder);
            }

            return builder.Build();
        }
    }

    [Fact]
    public async Task AddAsyncKit_sets_the_recommended_defaults()
    {
        await using var services = Services(clients => clients.AddHttpClient("pages").AddAsyncKit());

        Assert.Equal(Timeout.InfiniteTimeSpan, Client(services).Timeout);
        var sockets = Sockets(services);
        Assert.Equal(ConnectionLifetime, sockets.PooledConnectionLifetime);
        Assert.Equal(DecompressionMethods.None, sockets.AutomaticDecompression);
        Assert.True(sockets.EnableMultipleHttp2Connections);
        Assert.Null(sockets.SslOptions.RemoteCertificateValidationCallback);
    }

    [Fact]
    public async Task AddAsyncKit_keeps_the_values_that_the_application_set()
    {
        await using var services = Services(clients => clients
            .AddHttpClient("pages", client => client.Timeout = TimeSpan.FromSeconds(5))
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                PooledConnectionLifetime = TimeSpan.FromHours(1),
                AutomaticDecompression = DecompressionMethods.GZip,
            })
            .AddAsyncKit());

        Assert.Equal(TimeSpan.FromSeconds(5), Client(services).Timeout);
        Assert.Equal(TimeSpan.FromHours(1), Sockets(services).PooledConnectionLifetime);
        Assert.Equal(DecompressionMethods.GZip, Sockets(services).AutomaticDecompression);
    }

    [Fact]
    public async Task A_handler_that_already_sent_requests_stays_unchanged()
    {
        using var shared = new SocketsHttpHandler();
        await using var services = Services(services =>
        {
            services.ConfigureHttpClientDefaults(client => client.ConfigurePrimaryHttpMessageHandler(() => shared).AddAsyncKit(
                options => options.Retry = new RetryOptions { MaxAttempts = 1 }));
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => Client(services).GetAsync(new Uri("http://127.0.0.1:1/")));
        Assert.Throws<InvalidOperationException>(() => shared.EnableMultipleHttp2Connections = true);

        Assert.Equal(Timeout.InfiniteTimeSpan, Client(services, "more").Timeout);
    }

    [Fact]
    public async Task A_retry_is_logged_with_the_name_of_the_client()
    {
        var log = new LogLines();
        await using var services = Services(services =>
        {
            services.AddLogging(logging => logging.AddProvider(log)
                .SetMinimumLevel(LogLevel.None).AddFilter("AsyncKit.Http", LogLevel.Trace));
            services.AddHttpClient("pages")
                .ConfigurePrimaryHttpMessageHandler(() =>
                    StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK))
                .AddAsyncKit(options => options.Retry = options.Retry with { Backoff = Backoff.None });
        });

        using var response = await Client(services).GetAsync(HandlerTest.Address);

        var line = Assert.Single(log.All);
        Assert.Contains("pages", line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Disposing_the_handler_disposes_the_inner_handler()
    {
        var inner = new Mock<HttpMessageHandler>();

        new AsyncKitHttpHandler(new AsyncKitHttpOptions(), inner.Object).Dispose();

        inner.Protected().Verify("Dispose", Times.Once(), true, ItExpr.Is<bool>(isDisposing => isDisposing));
    }

    [Fact]
    public void Invalid_arguments_throw_at_the_call()
    {
        Assert.Throws<ArgumentNullException>("builder", () => AsyncKitHttpClientBuilderExtensions.AddAsyncKit(null!));
        Assert.Throws<ArgumentNullException>("options", () => new AsyncKitHttpHandler((AsyncKitHttpOptions)null!));
        Assert.Throws<ArgumentNullException>("innerHandler", () => new AsyncKitHttpHandler(new(), null!));
        Assert.Throws<ArgumentNullException>("request", () => HttpRequestRetry.SetRetry(null!, HttpRetry.Allowed));
        using var request = new HttpRequestMessage();
        Assert.Throws<ArgumentOutOfRangeException>("retry", () => request.SetRetry((HttpRetry)3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AsyncKitHttpOptions { MaxConcurrencyPerHost = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AsyncKitHttpOptions { MaxConcurrencyPerHost = 100_001 });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new AsyncKitHttpOptions { ReadIdleTimeout = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentNullException>(() => new AsyncKitHttpOptions { Retry = null! });
        Assert.Throws<ArgumentNullException>(() => new AsyncKitHttpOptions { RetriedMethods = null! });
    }

    private static ServiceProvider Services(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.ConfigureHttpClientDefaults(client => client.SetHandlerLifetime(Timeout.InfiniteTimeSpan)); // No timers.
        add(services);
        return services.BuildServiceProvider();
    }

    private static HttpClient Client(ServiceProvider services, string name = "pages") =>
        services.GetRequiredService<IHttpClientFactory>().CreateClient(name);

    private static SocketsHttpHandler Sockets(ServiceProvider services)
    {
        var handler = services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler("pages");
        while (handler is DelegatingHandler { InnerHandler: { } inner })
        {
            handler = inner;
        }

        return Assert.IsType<SocketsHttpHandler>(handler);
    }
}
