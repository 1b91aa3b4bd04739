using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Http.Tests;

/// <summary>Tests requests to a server that sends text for a terminal, or a message that no server should send.</summary>
public sealed partial class HostileServerTests : IClassFixture<NothingLeftBehind>
{
    private const string Escape = "\u001b[2J";

    public static TheoryData<string, string> Answers() => new()
    {
        { "reason", $"HTTP/1.1 404 {Escape}gone\r\nContent-Length: 0\r\n\r\n" },
        { "reason of a retry", $"HTTP/1.1 503 {Escape}busy\r\nContent-Length: 0\r\n\r\n" },
        { "status line", $"HTTP/1.1 {Escape}\r\nContent-Length: 0\r\n\r\n" },
        { "protocol", $"{Escape} 200 OK\r\n\r\n" },
        { "header name", $"HTTP/1.1 200 OK\r\n{Escape}: 1\r\nContent-Length: 0\r\n\r\n" },
        { "header without a colon", $"HTTP/1.1 200 OK\r\n{Escape}\r\n\r\n" },
        { "chunk", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Escape}\r\n" },
        { "end of a chunk", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx{Escape}\r\n" },
        { "length", $"HTTP/1.1 200 OK\r\nContent-Length: {Escape}\r\n\r\ntext" },
        { "encoding", $"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=\"{Escape}\"\r\nContent-Length: 1\r\n\r\nx" },
    };

    public static TheoryData<string> InvalidLengths() => ["abc", "-1", "+4", "4.0", "99999999999999999999", "4, 5"];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task No_control_character_of_a_server_reaches_a_message_of_a_bulk_get(string where, string answer)
    {
        Assert.NotEmpty(where);
        await using var server = new RawServer(answer);
        using var client = new HttpClient();

        var report = await client.GetAllReportAsync([server.Address], 1, HttpRead.Text).OrHangs();

        AssertSafe(report.Outcomes[0].Exception);
        if (report.Outcomes[0].Exception is { } failure)
        {
            Assert.Contains($"{server.Address}", failure.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task No_control_character_of_a_server_reaches_a_message_or_the_log_of_the_handler(string where, string answer)
    {
        await using var server = new RawServer(answer);
        using var log = new LogLines();
        using var client = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions
            {
                Retry = new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None, Logger = log.CreateLogger("http") },
            },
            new SocketsHttpHandler()));

        var thrown = await Record.ExceptionAsync(async () =>
        {
            using var response = await client.GetAsync(server.Address, HttpCompletionOption.ResponseHeadersRead);
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.CopyToAsync(Stream.Null);
        }).OrHangs();

        AssertSafe(thrown);
        Assert.All(log.All, line => Assert.DoesNotContain(line.Text.ReplaceLineEndings(""), char.IsControl));
        Assert.True(log.All.Count > 0 || where is not "reason of a retry");
    }

    [Theory]
    [MemberData(nameof(InvalidLengths))]
    public async Task A_response_with_an_invalid_Content_Length_fails_and_is_not_retried(string length)
    {
        await using var server = new RawServer($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n", "text"u8.ToArray());
        using var plain = new HttpClient();
        using var handled = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions { ReadIdleTimeout = Timeout.InfiniteTimeSpan, Retry = new RetryOptions() },
            new SocketsHttpHandler()));

        var report = await plain.GetAllReportAsync([server.Address], 1, HttpRead.Text).OrHangs();
        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => handled.GetStringAsync(server.Address)).OrHangs();

        Assert.Equal(HttpRequestError.InvalidResponse, thrown.HttpRequestError);
        Assert.Equal(1, thrown.Data["AsyncKit.Attempts"]);
        Assert.Equal($"GET {server.Address}: the Content-Length header '{length}' is not valid.", thrown.Message);
        Assert.Equal(thrown.Message, report.Outcomes[0].Exception!.Message);
    }

    [Fact]
    public async Task A_response_without_a_Content_Length_is_read_to_its_end()
    {
        await using var server = new RawServer("HTTP/1.1 200 OK\r\n\r\n", "text"u8.ToArray());
        using var client = new HttpClient(new AsyncKitHttpHandler(new AsyncKitHttpOptions(), new SocketsHttpHandler()));

        Assert.Equal("text", await client.GetStringAsync(server.Address).OrHangs());
        Assert.Equal(["text"], await client.GetAllAsync([server.Address], 1, HttpRead.Text).OrHangs());
    }

    [Fact]
    public async Task A_certificate_that_is_refused_is_not_retried()
    {
        var stub = new StubHandler((_, _, _) => throw new HttpRequestException(
            HttpRequestError.SecureConnectionError,
            "The SSL connection could not be established.",
            new AuthenticationException("The remote certificate is invalid.")));
        using var client = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions { Retry = new RetryOptions { Backoff = Backoff.None } }, stub));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(HandlerTest.Address));

        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task A_failure_of_a_bulk_get_names_the_address_without_its_secrets()
    {
        var refused = new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused");
        using var client = new HttpClient(new StubHandler((_, number, _) => throw (number == 1
            ? refused
            : new HttpIOException(HttpRequestError.ResponseEnded, "The response ended."))));
        Uri[] addresses = [new("http://me:pass@one.example/a?secret=1"), new("http://one.example/b?secret=1")];

        var report = await client.GetAllReportAsync(addresses, 1, HttpRead.Text);

        Assert.Equal("GET http://one.example/a failed: Connection refused", report.Outcomes[0].Exception!.Message);
        Assert.Same(refused, report.Outcomes[0].Exception!.InnerException);
        Assert.Equal(HttpRequestError.ConnectionError, Assert.IsType<HttpRequestException>(report.Outcomes[0].Exception).HttpRequestError);
        Assert.StartsWith("GET http://one.example/b failed: ", report.Outcomes[1].Exception!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relative?secret=1", typeof(InvalidOperationException), "GET relative failed: ")]
    [InlineData("ftp://me:pass@one.example/a?secret=1", typeof(NotSupportedException), "GET ftp://one.example/a failed: ")]
    public async Task An_address_that_no_request_can_have_is_named_without_its_secrets(string address, Type type, string start)
    {
        using var client = new HttpClient();

        var report = await client.GetAllReportAsync([address], 1, HttpRead.Text);

        Assert.IsType(type, report.Outcomes[0].Exception);
        Assert.StartsWith(start, report.Outcomes[0].Exception!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", report.Outcomes[0].Exception!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Encoding: gzip", "garbage", typeof(InvalidDataException))]
    [InlineData("Content-Encoding: br", "garbage", typeof(InvalidOperationException))]
    [InlineData("Content-Type: text/plain; charset=utf-7", "garbage", typeof(InvalidOperationException))]
    [InlineData("X: json", "{\"\\u001b[2J\":1,\"\\u001b[2J\":\"\"}", typeof(JsonException))]
    public async Task A_body_that_cannot_be_read_names_the_address(string header, string body, Type type)
    {
        await using var server = new RawServer($"HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All });
        var address = new Uri($"{server.Address}?secret=1");

        var failure = type == typeof(JsonException)
            ? (await client.GetAllReportAsync([address], 1, HttpRead.Json(Counts.Default.DictionaryStringInt32)).OrHangs()).Outcomes[0].Exception
            : (await client.GetAllReportAsync([address], 1, HttpRead.Text).OrHangs()).Outcomes[0].Exception;

        Assert.IsType(type, failure);
        Assert.Contains($"{server.Address}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        AssertSafe(failure);
    }

    [Theory]
    [InlineData("bulk")]
    [InlineData("handler")]
    [InlineData("download")]
    public async Task The_password_of_a_proxy_reaches_no_message(string sender)
    {
        await using var server = new RawServer("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n");
        using var folder = new TempFolder();
        using var proxied = new SocketsHttpHandler
        {
            Proxy = new WebProxy($"http://me:pass4you@{server.Address.Authority}"),
        };
        using var client = new HttpClient(sender is "handler"
            ? new AsyncKitHttpHandler(new AsyncKitHttpOptions { Retry = new RetryOptions { MaxAttempts = 1 } }, proxied)
            : proxied);
        var address = new Uri("https://one.example/a");

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => sender switch
        {
            "bulk" => client.GetAllAsync([address], 1, HttpRead.Text),
            "handler" => client.GetStringAsync(address),
            _ => client.DownloadAsync(
                address, folder["a.bin"], new DownloadOptions { Retry = new RetryOptions { MaxAttempts = 1 } }),
        }).OrHangs();

        Assert.Contains($"'http://{server.Address.Authority}/'", thrown.Message, StringComparison.Ordinal);
        for (Exception? one = thrown; one is not null; one = one.InnerException)
        {
            Assert.DoesNotContain("pass4you", one.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_connection_that_is_reset_in_the_body_names_the_address()
    {
        using var client = new HttpClient(new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = new StreamContent(new ScriptedBody(
                "ab"u8.ToArray(), _ => ValueTask.FromException<int>(new IOException("Reset.", new SocketException())))),
        })));

        var thrown = await Assert.ThrowsAsync<IOException>(() => client.GetAllAsync([HandlerTest.Address], 1, HttpRead.Text));

        Assert.Equal("GET http://one.example/a failed: Reset.", thrown.Message);
        Assert.True(Transient.IsTransient(thrown));
    }

    [Fact]
    public async Task A_stream_from_another_handler_is_read_to_its_end_whatever_its_header_says()
    {
        using var client = new HttpClient(new StubHandler((_, _, _) =>
        {
            var content = new StreamContent(new MemoryStream("longer"u8.ToArray()));
            content.Headers.ContentLength = 4;
            return Task.FromResult(new HttpResponseMessage { Content = content });
        }));

        Assert.Equal(["longer"], await client.GetAllAsync([HandlerTest.Address], 1, HttpRead.Text));
    }

    [Fact]
    public async Task The_timeout_of_the_client_before_the_headers_names_the_address()
    {
        using var client = new HttpClient(new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return new HttpResponseMessage();
        }))
        { Timeout = TimeSpan.FromMilliseconds(1) };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => client.GetAllAsync([HandlerTest.Address], 1, HttpRead.Text)).OrHangs();

        Assert.Equal(
            "GET http://one.example/a: no response arrived within HttpClient.Timeout (1 ms).", thrown.Message);
    }

    private static void AssertSafe(Exception? exception)
    {
        for (var one = exception; one is not null; one = one.InnerException)
        {
            Assert.DoesNotContain(one.Message, char.IsControl);
        }
    }

    [JsonSerializable(typeof(Dictionary<string, int>))]
    private sealed partial class Counts : JsonSerializerContext;
}
