using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit.Http.Tests;

/// <summary>Tests bodies that differ from their Content-Length. In HTTP/2 the end of a body is a flag that says nothing of
/// its length, and .NET does not compare them.</summary>
public sealed partial class BodyLengthTests : IClassFixture<NothingLeftBehind>
{
    private const string Reader = "reader of the caller";
    private const string Handler = "handler";
    private const string Blocking = "handler, blocking";

    public static TheoryData<string> Readers() => ["text", "bytes", "JSON", Reader, Handler, Blocking];

    [Theory]
    [MemberData(nameof(Readers))]
    public async Task A_body_that_is_shorter_than_its_length_fails_in_HTTP2(string reader)
    {
        await using var server = new FrameServer(request => AnswerAsync(request, "5", "12"));

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(reader, server.Address)).OrHangs();

        Assert.Contains(
            $"GET {server.Address}: the response ended after 2 of 5 bytes", failure.Message, StringComparison.Ordinal);
        Assert.Equal(HttpRequestError.ResponseEnded, Assert.IsType<HttpIOException>(failure).HttpRequestError);
        Assert.True(Transient.IsTransient(failure));
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public async Task A_body_that_is_longer_than_its_length_fails_in_HTTP2(string reader)
    {
        await using var server = new FrameServer(request => AnswerAsync(request, "2", "12", "345"));

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(reader, server.Address)).OrHangs();

        Assert.Contains(
            $"GET {server.Address}: the response is longer than its Content-Length (2 bytes)", failure.Message, StringComparison.Ordinal);
        Assert.Equal(HttpRequestError.InvalidResponse, Assert.IsType<HttpIOException>(failure).HttpRequestError);
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public async Task A_body_of_its_length_or_without_one_is_read_in_HTTP2(string reader)
    {
        await using var server = new FrameServer(request => AnswerAsync(request, request.Number == 1 ? "5" : null, "12", "345"));

        Assert.Equal(["12345", "12345"], [await ReadAsync(reader, server.Address), await ReadAsync(reader, server.Address)]);
    }

    [Theory]
    [InlineData("HEAD", "200 OK", false)]
    [InlineData("GET", "304 Not Modified", false)]
    [InlineData("HEAD", "200", true)]
    [InlineData("GET", "304", true)]
    public async Task A_response_without_a_body_has_the_length_of_another_one(string method, string status, bool isHttp2)
    {
        await using var raw = new RawServer($"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n");
        await using var frames = new FrameServer(request =>
            request.HeadersAsync(isLast: true, (":status", status), ("content-length", "5")));
        using var client = isHttp2 ? Http2(new SocketsHttpHandler()) : new HttpClient();
        using var handled = isHttp2 ? Http2(Handled()) : new HttpClient(Handled());
        var options = new HttpFanOutOptions(1)
        {
            OnErrorStatus = HttpErrorStatus.Read,
            ConfigureRequest = request => request.Method = new HttpMethod(method),
        };
        var address = isHttp2 ? frames.Address : raw.Address;

        string[] texts =
        [
            .. await client.GetAllAsync([address], options, HttpRead.Text).OrHangs(),
            .. await client.GetAllAsync([address], options, async (response, token) => await response.Content.ReadAsStringAsync(token)).OrHangs(),
            .. await handled.GetAllAsync([address], options, HttpRead.Text).OrHangs(),
        ];

        Assert.Equal(["", "", ""], texts);
    }

    private static async Task AnswerAsync(FrameStream request, string? length, params string[] parts)
    {
        (string, string)[] headers = length is null ? [(":status", "200")] : [(":status", "200"), ("content-length", length)];
        await request.HeadersAsync(isLast: false, headers);
        for (var index = 0; index < parts.Length; index++)
        {
            await request.DataAsync(Encoding.ASCII.GetBytes(parts[index]), isLast: index == parts.Length - 1);
        }
    }

    private static async Task<string> ReadAsync(string reader, Uri address)
    {
        using var client = Http2(reader is Handler or Blocking ? Handled() : new SocketsHttpHandler());
        switch (reader)
        {
            case "text":
                return (await client.GetAllAsync([address], 1, HttpRead.Text))[0];

            case "bytes":
                return Encoding.ASCII.GetString((await client.GetAllAsync([address], 1, HttpRead.Bytes))[0]);

            case "JSON":
                var number = (JsonTypeInfo<int>)Numbers.Default.GetTypeInfo(typeof(int))!;
                return $"{(await client.GetAllAsync([address], 1, HttpRead.Json(number)))[0]}";

            case Reader:
                return (await client.GetAllAsync([address], 1, async (response, token) => await TextAsync(response)))[0];

            default:
                using (var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead))
                {
                    return await TextAsync(response, isBlocking: reader is Blocking);
                }
        }
    }

    private static async Task<string> TextAsync(HttpResponseMessage response, bool isBlocking = false)
    {
        using var text = new StreamReader(await response.Content.ReadAsStreamAsync());
        return isBlocking ? await Task.Run(text.ReadToEnd) : await text.ReadToEndAsync();
    }

    /// <summary>A handler without limits, which would apply to each body.</summary>
    private static AsyncKitHttpHandler Handled() => new(
        new AsyncKitHttpOptions { ReadIdleTimeout = Timeout.InfiniteTimeSpan, Retry = new RetryOptions { MaxAttempts = 1 } },
        new SocketsHttpHandler());

    private static HttpClient Http2(HttpMessageHandler handler) => new(handler)
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    [JsonSerializable(typeof(int))]
    private sealed partial class Numbers : JsonSerializerContext;
}
