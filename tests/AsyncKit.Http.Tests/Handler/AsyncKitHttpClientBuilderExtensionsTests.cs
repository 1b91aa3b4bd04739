using System.IO.Compression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Moq;
using Moq.Protected;

namespace AsyncKit.Http.Tests;

public sealed class AsyncKitHttpClientBuilderExtensionsTests : IClassFixture<NothingLeftBehind>
{
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
    public async Task AddAsyncKit_sets_defaults_on_the_handler_of_the_factory()
    {
        var services = new ServiceCollection();
        services.AddHttpClient("pages").AddAsyncKit();
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(Timeout.InfiniteTimeSpan, Client(provider).Timeout);
        var sockets = Sockets(provider);
        Assert.Equal(TimeSpan.FromMinutes(2), sockets.PooledConnectionLifetime); // Of the factory itself.
        Assert.Equal(DecompressionMethods.None, sockets.AutomaticDecompression);
        Assert.True(sockets.EnableMultipleHttp2Connections);
        Assert.Null(sockets.SslOptions.RemoteCertificateValidationCallback);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_of_the_application_stays_unchanged_in_any_order_of_calls(bool isFirst)
    {
        await using var services = Services(services => Call(
            services.AddHttpClient("pages"),
            isFirst,
            client => client.ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
                EnableMultipleHttp2Connections = false,
                AutomaticDecompression = DecompressionMethods.GZip,
            })));

        var sockets = Sockets(services);
        Assert.Equal(Timeout.InfiniteTimeSpan, sockets.PooledConnectionLifetime);
        Assert.False(sockets.EnableMultipleHttp2Connections);
        Assert.Equal(DecompressionMethods.GZip, sockets.AutomaticDecompression);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_value_that_the_application_sets_on_the_factorys_handler_stays_in_any_order(bool isFirst)
    {
        await using var services = Services(services => Call(
            services.AddHttpClient("pages"),
            isFirst,
            client => client.UseSocketsHttpHandler((handler, _) =>
            {
                handler.PooledConnectionLifetime = TimeSpan.FromHours(1);
                handler.EnableMultipleHttp2Connections = false;
            })));

        Assert.Equal(TimeSpan.FromHours(1), Sockets(services).PooledConnectionLifetime);
        Assert.False(Sockets(services).EnableMultipleHttp2Connections);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(5, true)]
    [InlineData(100, false)] // The default of HttpClient, set on purpose.
    [InlineData(100, true)]
    public async Task A_timeout_that_the_application_sets_stays_in_any_order(int seconds, bool isFirst)
    {
        await using var services = Services(services => Call(
            services.AddHttpClient("pages"),
            isFirst,
            client => client.ConfigureHttpClient(http => http.Timeout = TimeSpan.FromSeconds(seconds))));

        Assert.Equal(TimeSpan.FromSeconds(seconds), Client(services).Timeout);
    }

    [Fact]
    public async Task The_clients_timeout_stays_without_a_total_timeout_to_replace_it()
    {
        await using var services = Services(services =>
        {
            services.AddHttpClient("none").AddAsyncKit(options => options.Retry = new RetryOptions());
            services.AddHttpClient("infinite").AddAsyncKit(
                options => options.Retry = options.Retry with { TotalTimeout = Timeout.InfiniteTimeSpan });
            services.AddHttpClient("later").AddAsyncKit(options => options.Retry = new RetryOptions());
            services.Configure<AsyncKitHttpOptions>(
                "later", options => options.Retry = options.Retry with { TotalTimeout = TimeSpan.FromMinutes(1) });
        });

        Assert.Equal(TimeSpan.FromSeconds(100), Client(services, "none").Timeout);
        Assert.Equal(TimeSpan.FromSeconds(100), Client(services, "infinite").Timeout);
        Assert.Equal(Timeout.InfiniteTimeSpan, Client(services, "later").Timeout);
    }

    [Theory]
    [InlineData(false, DecompressionMethods.None, null)]
    [InlineData(true, DecompressionMethods.None, null)]
    [InlineData(false, DecompressionMethods.GZip, "gzip")]
    [InlineData(true, DecompressionMethods.GZip, "gzip")]
    public async Task A_request_accepts_only_the_encodings_of_the_application(
        bool isFirst, DecompressionMethods methods, string? expected)
    {
        await using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var services = Services(services => Call(
            services.AddHttpClient("pages"),
            isFirst,
            client => client.ConfigurePrimaryHttpMessageHandler(
                () => new SocketsHttpHandler { AutomaticDecompression = methods })));

        using var response = await Client(services).GetAsync(server.Address);

        var lines = server.Request.Split("\r\n").Where(line => line.StartsWith("Accept-Encoding", StringComparison.Ordinal));
        Assert.Equal(expected is null ? "" : $"Accept-Encoding: {expected}", string.Join(" and ", lines));
    }

    [Fact]
    public async Task A_compressed_response_is_not_decompressed_in_memory()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[1 << 20]);
        }

        await using var server = new RawServer(
            $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n", packed.ToArray());
        await using var services = Services(services => services.AddHttpClient("pages").AddAsyncKit());

        Assert.Equal(packed.ToArray(), await Client(services).GetByteArrayAsync(server.Address));
    }

    [Fact]
    public async Task A_download_over_the_client_asks_for_identity_alone()
    {
        using var folder = new TempFolder();
        await using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "abc"u8.ToArray());
        await using var services = Services(services => services.AddHttpClient("pages").AddAsyncKit());

        await Client(services).DownloadAsync(server.Address, folder["a.bin"]);

        Assert.Contains("\r\nAccept-Encoding: identity\r\n", server.Request, StringComparison.Ordinal);
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

    private static void Call(IHttpClientBuilder client, bool isFirst, Action<IHttpClientBuilder> configure)
    {
        if (isFirst)
        {
            client.AddAsyncKit();
        }

        configure(client);
        if (!isFirst)
        {
            client.AddAsyncKit();
        }
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
