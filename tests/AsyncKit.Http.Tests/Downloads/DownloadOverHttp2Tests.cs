namespace AsyncKit.Http.Tests;

/// <summary>Tests downloads over HTTP/2, where the end of a body is a flag and says nothing of its length.</summary>
public sealed class DownloadOverHttp2Tests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly byte[] Content = Responses.Bytes(1_000);

    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new()
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private string Target => _folder["a.bin"];

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(Responses.ETag)]
    [InlineData("W/\"one\"")]
    public async Task A_body_that_ends_before_its_length_is_never_a_complete_file(string eTag)
    {
        await using var server = new FrameServer(request => AnswerAsync(request, Whole(eTag), Content[..600]));

        var failure = await Assert.ThrowsAsync<EndOfStreamException>(
            () => _client.DownloadAsync(server.Address, Target, Attempts(1))).OrHangs();

        Assert.EndsWith("The body ended after 600 of 1000 bytes.", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task A_rest_that_ends_before_its_length_resumes_again_until_the_file_is_complete()
    {
        await using var server = new FrameServer(request => request.Number switch
        {
            1 => AnswerAsync(request, Whole(Responses.ETag), Content[..600]),
            2 => AnswerAsync(request, Rest(600), Content[600..900]),
            _ => AnswerAsync(request, Rest(900), Content[900..]),
        });

        var result = await _client.DownloadAsync(server.Address, Target, Attempts(2)).OrHangs();

        Assert.Equal((3, 3, 1_000), (server.Requests, result.Attempts, result.BytesReceived));
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_body_that_is_longer_than_its_length_is_never_a_file()
    {
        await using var server = new FrameServer(request => AnswerAsync(request, Whole(Responses.ETag), [.. Content, 1]));

        _ = await Assert.ThrowsAsync<InvalidDataException>(
            () => _client.DownloadAsync(server.Address, Target, Attempts(1))).OrHangs();

        Assert.False(File.Exists(Target));
    }

    private static DownloadOptions Attempts(int count) =>
        new() { Retry = new RetryOptions { MaxAttempts = count, Backoff = Backoff.None } };

    private static (string, string)[] Whole(string eTag) => [(":status", "200"), ("etag", eTag), ("content-length", "1000")];

    private static (string, string)[] Rest(int from) =>
    [
        (":status", "206"), ("etag", Responses.ETag), ("content-length", $"{1_000 - from}"), ("content-range", $"bytes {from}-999/1000"),
    ];

    private static async Task AnswerAsync(FrameStream request, (string, string)[] headers, byte[] body)
    {
        await request.HeadersAsync(isLast: false, headers);
        await request.DataAsync(body, isLast: true);
    }
}
