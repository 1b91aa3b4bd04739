namespace AsyncKit.Http.Tests;

/// <summary>Tests requests to a faulty server, over real connections.</summary>
public sealed class FaultyServerTests : IClassFixture<NothingLeftBehind>
{
    private const int Requests = 2_000;
    private const int MaxAttempts = 10; // More than the faults, since a busy machine may stall too.

    private static readonly Fault[] AttemptFaults =
    [
        Fault.None, Fault.None, Fault.BusySeconds, Fault.BusyDate, Fault.ResetBeforeHeaders, Fault.ResetInBody,
        Fault.WrongLength, Fault.NewVersion, Fault.IgnoredRange, Fault.Chunked, Fault.ChunkedReset, Fault.Gzip,
    ];

    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task Every_request_to_a_faulty_server_is_correct_or_fails_with_a_named_exception()
    {
        await using var server = await StartAsync();
        using var client = Client(new AsyncKitHttpOptions { MaxConcurrencyPerHost = 48 });
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions
            {
                MaxConcurrency = 64,
                OnFailure = FailureMode.RunToEnd,
                Retry = new RetryOptions { MaxAttempts = MaxAttempts, Backoff = Backoff.None }, // For failures in the body.
            },
            ReadIdleTimeout = Idle,
        };

        var report = await client.GetAllReportAsync(
            Enumerable.Range(0, Requests).Select(server.UriOf), options, HttpRead.Bytes).OrHangs();

        Assert.Equal(Requests, report.Outcomes.Count);
        foreach (var outcome in report.Outcomes)
        {
            if (FailsAlways(outcome.Index) is not { } fault)
            {
                Assert.True(outcome.Kind == FanOutOutcomeKind.Succeeded, $"{outcome.Index}: {outcome.Exception}");
                Assert.True(server.Content(outcome.Index).AsSpan().SequenceEqual(outcome.Value), $"{outcome.Index} is wrong.");
                continue;
            }

            var failure = Assert.IsType<HttpRequestException>(outcome.Exception);
            Assert.Equal(fault == Fault.Missing ? HttpStatusCode.NotFound : null, failure.StatusCode);
            Assert.Equal(fault == Fault.Missing ? 1 : MaxAttempts, outcome.Attempts);
        }

        Assert.Equal(Enumerable.Range(0, Requests).Count(file => FailsAlways(file) is null), report.SucceededCount);
    }

    [Fact]
    public async Task A_POST_is_sent_exactly_once_to_a_faulty_server()
    {
        const int Posts = 300;
        await using var server = await StartAsync();
        using var client = Client(new AsyncKitHttpOptions());
        var failed = 0;

        await Enumerable.Range(0, Posts).FanOutAsync(32, async (file, token) =>
        {
            try
            {
                using var content = new StringContent("order");
                using var response = await client.PostAsync(server.UriOf(file), content, token);
                response.EnsureSuccessStatusCode();
            }
            catch (Exception exception) when (exception is HttpRequestException or TimeoutException)
            {
                Interlocked.Increment(ref failed);
            }
        }).OrHangs();

        Assert.InRange(failed, Posts / 4, Posts - 1); // Some requests fail, so a retry would be possible.
        Assert.Equal(Enumerable.Range(0, Posts), server.Requests.Select(request => request.File).Order());
    }

    private static Fault? FailsAlways(int file) =>
        file % 20 == 3 ? Fault.Missing : file % 40 == 5 ? Fault.ResetBeforeHeaders : null;

    private static Task<FaultServer> StartAsync() => FaultServer.StartAsync(
        file => 10 + (file * 997 % 5_000),
        (file, attempt) => FailsAlways(file) ?? (
            attempt > 2 ? Fault.None
            : attempt == 1 && file % 50 == 11 ? Fault.Stall
            : AttemptFaults[new Random((file * 10) + attempt).Next(AttemptFaults.Length)]));

    private static HttpClient Client(AsyncKitHttpOptions options)
    {
        options.ReadIdleTimeout = Idle;
        options.Retry = options.Retry with { Backoff = Backoff.None };
        return new HttpClient(new AsyncKitHttpHandler(
            options, new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }));
    }
}
