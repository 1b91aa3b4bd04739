using System.Security.Authentication;

namespace AsyncKit.Http.Tests;

/// <summary>Tests the two tables of the documentation: which limit ends a request, and who may retry it.</summary>
public sealed class RequestEndTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan All = TimeSpan.FromSeconds(19);

    public static TheoryData<string, string, string> Limits() => new()
    {
        { "handler", "no headers", "AttemptTimeout (5 s)" },
        { "handler", "no more bytes", "ReadIdleTimeout (6 s)" },
        { "handler", "drips", "TotalTimeout (20 s)" },
        { "bulk", "no more bytes", "ReadIdleTimeout (6 s)" },
        { "bulk", "drips", "HttpClient.Timeout (20 s)" },
        { "bulk with an item timeout", "drips", "Item 0 was stopped by its limit of 19 s" },
        { "bulk with an item timeout", "no headers", "Item 0 was stopped by its limit of 19 s" },
        { "download", "no more bytes", "ReadIdleTimeout (6 s)" },
        { "download", "no headers", "AttemptTimeout (5 s)" },
        { "download with an attempt timeout", "drips", "AttemptTimeout (20 s)" },
        { "download with a total timeout", "drips", "TotalTimeout (19 s)" },
    };

    public static TheoryData<string, bool, bool, bool> Retries() => new()
    {
        { "connection", true, true, true },
        { "408", true, true, true },
        { "429", true, true, true },
        { "503", true, true, true },
        { "body", false, true, true },
        { "certificate", false, false, false },
        { "404", false, false, false },
        { "too long", false, false, false },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void The_limit_of_the_table_ends_the_request(string sender, string what, string limit) =>
        HandlerTest.Run(async test =>
        {
            var time = test.Time;
            var stub = new StubHandler(async (_, _, token) =>
            {
                await Task.Delay(what is "no headers" ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, time, token);
                return new HttpResponseMessage
                {
                    Content = new StreamContent(what is "drips" ? new DripStream(time) : new Stalling(time)),
                };
            });

            var thrown = await Assert.ThrowsAnyAsync<TimeoutException>(() => SendAsync(sender, stub, time));

            Assert.Contains(limit, thrown.Message, StringComparison.Ordinal);
        });

    [Theory]
    [MemberData(nameof(Retries))]
    public void Retries_follow_the_table(string what, bool ofHandler, bool ofBulk, bool ofDownload) =>
        HandlerTest.Run(async test =>
        {
            Assert.Equal(ofHandler, await IsRetriedAsync("handler"));
            Assert.Equal(ofBulk, await IsRetriedAsync("bulk"));
            Assert.Equal(ofDownload, await IsRetriedAsync("download"));

            async Task<bool> IsRetriedAsync(string sender)
            {
                var stub = new StubHandler((_, _, _) => Task.FromResult(Answer(what)));
                await Record.ExceptionAsync(() => SendAsync(sender, stub, test.Time, maxAttempts: 2));
                return stub.Requests.Count == 2;
            }
        });

    [Theory]
    [InlineData("bulk")]
    [InlineData("download")]
    public void A_total_timeout_of_the_handler_is_retried_by_its_caller_only(string sender) => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token);
            return new HttpResponseMessage();
        });
        using var handler = new AsyncKitHttpHandler(
            new AsyncKitHttpOptions
            {
                Retry = new RetryOptions { TotalTimeout = Whole, Backoff = Backoff.None, TimeProvider = test.Time },
            },
            stub);

        await Assert.ThrowsAsync<TimeoutException>(() => SendAsync(sender, handler, test.Time, maxAttempts: 2));

        Assert.Equal(2, stub.Requests.Count);
    });

    [Fact]
    public void A_request_in_the_queue_of_its_host_ends_with_its_token() => HandlerTest.Run(async test =>
    {
        using var source = new CancellationTokenSource();
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1)
            .Over(StubHandler.Of(HttpStatusCode.OK));
        using var first = await client.GetAsync();

        var second = client.GetAsync(cancellationToken: source.Token);
        await test.AdvanceAsync(TimeSpan.FromDays(1)); // No limit of the handler counts the queue.
        Assert.False(second.IsCompleted);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    });

    private static HttpResponseMessage Answer(string what) => what switch
    {
        "connection" => throw new HttpRequestException(HttpRequestError.ConnectionError, "refused"),
        "certificate" => throw new HttpRequestException("TLS", new AuthenticationException("refused")),
        "body" => new HttpResponseMessage
        {
            Content = new StreamContent(Responses.Reset("text"u8.ToArray(), after: 2)),
        },
        "too long" => new HttpResponseMessage { Content = new ByteArrayContent(new byte[1_000]) },
        _ => new HttpResponseMessage(Enum.Parse<HttpStatusCode>(what)) { Content = new StringContent("text") },
    };

    private static async Task SendAsync(string sender, HttpMessageHandler server, TimeProvider time, int maxAttempts = 1)
    {
        using var folder = new TempFolder();
        var retry = new RetryOptions { MaxAttempts = maxAttempts, Backoff = Backoff.None, TimeProvider = time };
        var fanOut = new FanOutOptions(1) { TimeProvider = time, Retry = retry };
        if (sender.StartsWith("bulk", StringComparison.Ordinal))
        {
            using var plain = new HttpClient(server) { Timeout = Whole };
            await plain.GetAllAsync(
                [HandlerTest.Address],
                new HttpFanOutOptions
                {
                    FanOut = sender is "bulk" ? fanOut : fanOut with { ItemTimeout = All },
                    ReadIdleTimeout = Idle,
                    MaxResponseBytes = 100,
                },
                HttpRead.Text);
            return;
        }

        using var client = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions
            {
                ReadIdleTimeout = Idle,
                Retry = (sender is "handler" ? retry : retry with { MaxAttempts = 1 }) with
                {
                    AttemptTimeout = Attempt,
                    TotalTimeout = Whole,
                },
            },
            server))
        { Timeout = Timeout.InfiniteTimeSpan };
        if (sender is "handler")
        {
            await client.GetByteArrayAsync(HandlerTest.Address);
            return;
        }

        await client.DownloadAsync(HandlerTest.Address, folder["a.bin"], new DownloadOptions
        {
            TimeProvider = time,
            ReadIdleTimeout = Idle,
            MaxBytes = 100,
            Retry = retry with
            {
                AttemptTimeout = sender.EndsWith("attempt timeout", StringComparison.Ordinal) ? Whole : null,
                TotalTimeout = sender.EndsWith("total timeout", StringComparison.Ordinal) ? All : null,
            },
        });
    }

    private sealed class Stalling(TimeProvider time) : BodyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
            return 0;
        }
    }
}
