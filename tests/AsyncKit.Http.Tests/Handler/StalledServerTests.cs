namespace AsyncKit.Http.Tests;

/// <summary>Tests that a request to a server that stops answering ends, over real connections.</summary>
public sealed class StalledServerTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Answers() => new()
    {
        { "", "AttemptTimeout" },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", "AttemptTimeout" },
        { "HTTP/1.1 200 OK\r\nContent-", "AttemptTimeout" },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "ReadIdleTimeout" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", "ReadIdleTimeout" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;exten", "ReadIdleTimeout" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: ", "ReadIdleTimeout" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "ReadIdleTimeout" },
        { "HTTP/1.1 200 OK\r\n\r\nwithout a length", "ReadIdleTimeout" },
    };

    public static TheoryData<string> Senders() => ["async", "sync", "bulk", "download"];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_request_to_a_server_that_stalls_ends(string answer, string limit)
    {
        await using var server = new RawServer(answer, isOpen: true);
        using var client = Client(limit);

        var thrown = await Assert.ThrowsAnyAsync<TimeoutException>(() => client.GetAsync(server.Address)).OrHangs();
        var synchronous = await Assert.ThrowsAnyAsync<TimeoutException>(() => Task.Run(() => Send(client, server.Address))).OrHangs();

        Assert.Contains(limit, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(limit, synchronous.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nwithout a length")]
    public async Task A_bulk_request_whose_body_stalls_ends_with_its_limit_or_its_token(string answer)
    {
        await using var server = new RawServer(answer, isOpen: true);
        using var client = new HttpClient();
        using var source = new CancellationTokenSource();
        var options = new HttpFanOutOptions { FanOut = new FanOutOptions(1), ReadIdleTimeout = Short };

        var timeout = await Assert.ThrowsAsync<TimeoutException>(
            () => client.GetAllAsync([server.Address], options, HttpRead.Text)).OrHangs();
        var running = client.GetAllAsync([server.Address], 1, HttpRead.Text, source.Token);
        await Hang.UntilAsync(() => server.Answers == 2);
        await source.CancelAsync();

        Assert.Contains($"{server.Address}: no bytes of the response arrived within ReadIdleTimeout", timeout.Message, StringComparison.Ordinal);
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running).OrHangs();
        Assert.Equal(source.Token, cancelled.CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Senders))]
    public async Task A_redirect_to_a_server_whose_TLS_handshake_hangs_ends(string sender)
    {
        await using var silent = new RawServer("", isOpen: true);
        var target = new UriBuilder(silent.Address) { Scheme = "https", Query = "secret=1" }.Uri;
        await using var server = new RawServer($"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        using var handled = Client("AttemptTimeout");
        using var plain = new HttpClient { Timeout = Short };

        var thrown = await Assert.ThrowsAnyAsync<TimeoutException>(() => sender switch
        {
            "async" => handled.GetStringAsync(server.Address),
            "sync" => Task.Run(() => Send(handled, server.Address)),
            "bulk" => plain.GetAllAsync([server.Address], 1, HttpRead.Text),
            _ => handled.DownloadAsync(
                server.Address, _folder["a.bin"], new DownloadOptions { Retry = new RetryOptions { MaxAttempts = 1 } }),
        }).OrHangs();

        Assert.Contains(sender is "bulk" ? "HttpClient.Timeout" : "AttemptTimeout", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", thrown.ToString(), StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    private static string Send(HttpClient client, Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var response = client.Send(request);
        return response.ToString();
    }

    /// <summary>Creates a client with one short limit, so that a busy machine does not reach another one first.</summary>
    private static HttpClient Client(string limit)
    {
        var options = new AsyncKitHttpOptions
        {
            ReadIdleTimeout = limit is "ReadIdleTimeout" ? Short : Timeout.InfiniteTimeSpan,
            Retry = new RetryOptions { MaxAttempts = 1, AttemptTimeout = limit is "AttemptTimeout" ? Short : null },
        };
        return new(new AsyncKitHttpHandler(options, new SocketsHttpHandler())) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
