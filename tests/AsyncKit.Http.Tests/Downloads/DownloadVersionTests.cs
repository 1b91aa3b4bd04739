using System.Net.Http.Headers;

namespace AsyncKit.Http.Tests;

/// <summary>Tests that a file consists of one version, and what a sidecar says of it.</summary>
public sealed class DownloadVersionTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin?signature=abc123");
    private static readonly byte[] Content = Responses.Bytes(1_000);
    private static readonly DateTimeOffset Monday = new(2026, 11, 2, 10, 0, 0, TimeSpan.Zero);
    private static readonly DownloadOptions Quick = new() { Retry = new RetryOptions { Backoff = Backoff.None } };
    private static readonly DownloadOptions Once = new() { Retry = new RetryOptions { MaxAttempts = 1 } };

    private readonly TempFolder _folder = new();

    private string Target => _folder["a.bin"];

    private string Sidecar => _folder.SidecarOf("a.bin");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("no ETag")]
    [InlineData("other ETag")]
    [InlineData("other date")]
    [InlineData("no date", false)]
    [InlineData("other date", false)]
    public async Task A_rest_without_the_validators_of_the_first_response_restarts(string rest, bool hasETag = true)
    {
        var other = Responses.Bytes(1_000, seed: 2);
        using var handler = new ScriptedHandler(
            _ => Dated(Responses.Whole(Content, hasETag ? Responses.ETag : null, Responses.Reset(Content, 600)), Monday),
            _ => Dated(
                Responses.Rest(other, 600, !hasETag ? null : rest switch { "no ETag" => null, "other ETag" => "\"2\"", _ => Responses.ETag }),
                rest switch { "no date" => null, "other date" => Monday.AddDays(1), _ => Monday }),
            _ => Dated(Responses.Whole(other, "\"2\""), Monday.AddDays(1)));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal("bytes=600-", handler.Ranges[1].Range);
        Assert.Null(handler.Ranges[2].Range);
        Assert.Equal(other, await File.ReadAllBytesAsync(Target));
    }

    [Theory]
    [InlineData(999, true)]
    [InlineData(998, false)]
    public async Task A_rest_of_unknown_total_resumes_if_the_range_ends_with_the_file(int last, bool isResumed)
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 600)),
            _ =>
            {
                var response = Responses.Rest(Content[..(last + 1)], 600);
                response.Content.Headers.ContentRange = new ContentRangeHeaderValue(600, last) { Unit = "bytes" };
                return response;
            },
            _ => Responses.Whole(Content));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal(isResumed ? 2 : 3, handler.Ranges.Count);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    /// <summary>.NET does not parse these ETags, so the date alone would seem to prove the version.</summary>
    [Theory]
    [InlineData("v1", "v2")]
    [InlineData("\"one\", \"a\"", "\"two\", \"a\"")]
    [InlineData(null, "v2")]
    public async Task A_rest_with_an_ETag_that_cannot_be_compared_restarts(string? first, string second)
    {
        var other = Responses.Bytes(1_000, seed: 2);
        using var handler = new ScriptedHandler(
            _ => Tagged(Dated(Responses.Whole(Content, eTag: null, Responses.Reset(Content, 600)), Monday), first),
            request => Tagged(
                Dated(request.Headers.Range is null ? Responses.Whole(other, eTag: null) : Responses.Rest(other, 600, eTag: null), Monday),
                second),
            _ => Tagged(Dated(Responses.Whole(other, eTag: null), Monday), second));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal(other, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_partial_file_that_another_program_shortens_has_no_gap()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // No other program can change an open file there.
        }

        var body = new ScriptedBody(Content[..600], async _ =>
        {
            using var truncate = System.Diagnostics.Process.Start(
                "sh", ["-c", "dd if=/dev/null of=\"$0\" bs=10 seek=1 count=0 2>/dev/null", _folder.PartOf("a.bin")]);
            await truncate.WaitForExitAsync(CancellationToken.None);
            return -1;
        })
        { Rest = Content.AsMemory(600) };
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: body), request => Responses.Rest(Content, (int)request.Headers.Range!.Ranges.Single().From!));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal("bytes=10-", handler.Ranges[1].Range);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    /// <summary>A proxy may change 206 to 200.</summary>
    [Fact]
    public async Task A_200_that_announces_a_part_is_not_the_whole_file()
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 600)),
            _ => AsOk(Responses.Rest(Content, 600)),
            _ => Responses.Whole(Content));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Null(handler.Ranges[2].Range);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    [Theory]
    [InlineData(0, 599, 1_000, false)]
    [InlineData(400, 999, 1_000, false)]
    [InlineData(0, 599, 600, true)]
    [InlineData(0, 599, null, true)]
    public async Task A_first_200_with_a_range_is_the_whole_file_only_if_the_range_is(int from, int to, int? total, bool isWhole)
    {
        using var handler = new ScriptedHandler(_ =>
        {
            var response = Responses.Whole(Content[..600]);
            response.Content.Headers.ContentRange = total is { } length
                ? new ContentRangeHeaderValue(from, to, length)
                : new ContentRangeHeaderValue(from, to);
            return response;
        });
        using var client = handler.Client();

        var failure = await Record.ExceptionAsync(() => client.DownloadAsync(Address, Target, Quick)).OrHangs();

        Assert.Equal(isWhole, failure is null);
        Assert.Equal(isWhole, File.Exists(Target));
        if (!isWhole)
        {
            Assert.EndsWith(
                $"only a part of the file: bytes {from}-{to}/1000.",
                Assert.IsType<HttpRequestException>(failure).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("?signature=def456", Responses.ETag, true)]
    [InlineData("?signature=def456", "\"two\"", false)]
    [InlineData("?signature=def456", null, false)]
    [InlineData("x", Responses.ETag, false)]
    public async Task A_URL_with_another_query_resumes_if_the_strong_ETag_is_the_same(string uri, string? eTag, bool isResumed)
    {
        var now = isResumed ? Content : Responses.Bytes(1_000, seed: 2);
        using var handler = new ScriptedHandler(
            _ => Dated(Responses.Whole(Content, eTag is null ? null : Responses.ETag, Responses.Reset(Content, 600)), Monday),
            request => request.Headers.IfRange is { } ifRange && ifRange.ToString().Equals(eTag, StringComparison.Ordinal)
                ? Responses.Rest(now, 600, eTag)
                : Responses.Whole(now, eTag));
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        var result = await client.DownloadAsync(new Uri(Address, uri), Target, Once);

        Assert.Equal(isResumed, result.IsResumed);
        Assert.Equal(now, await File.ReadAllBytesAsync(Target));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task A_sidecar_contains_no_secret_and_only_its_owner_can_read_it()
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 600)), _ => Responses.Rest(Content, 600));
        using var client = handler.Client();
        var uri = new Uri("http://me:pass4you@example.org/a.bin?signature=abc123");
        await File.WriteAllTextAsync(_folder["ordinary"], "");

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(uri, Target, Once));

        var text = await File.ReadAllTextAsync(Sidecar);
        Assert.All(["pass4you", "abc123", "me:"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Sidecar));
            Assert.Equal(File.GetUnixFileMode(_folder["ordinary"]), File.GetUnixFileMode(_folder.PartOf("a.bin")));
        }

        var result = await client.DownloadAsync(uri, Target, Once);
        Assert.Equal(600, result.ResumedFrom);
    }

    [Theory]
    [InlineData("\\u0022one\\u0022", "W/\\u0022one\\u0022")]
    [InlineData("\\u0022one\\u0022", "one")]
    [InlineData("\\u0022one\\u0022", "\\u0022o\\r\\nX: y\\u0022")]
    [InlineData("\"\\u0022one\\u0022\"", "17")]
    [InlineData("\"length\":1000", "\"length\":-1")]
    [InlineData("\"length\":1000", "\"length\":599")]
    [InlineData("\"length\":1000", "\"length\":99999999999999999999")]
    [InlineData("\"length\":1000", "\"length\":\"1000\"")]
    [InlineData("\"format\":2", "\"format\":3")]
    [InlineData("\"resource\":", "\"else\":")]
    [InlineData("\"lastModified\":null", "\"lastModified\":\"yesterday\",\"etag\":null")]
    public async Task A_damaged_sidecar_restarts_the_download(string from, string to)
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 600)), _ => Responses.Whole(Content));
        using var client = handler.Client();
        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        var text = await File.ReadAllTextAsync(Sidecar);
        Assert.Contains(from, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Sidecar, text.Replace(from, to, StringComparison.Ordinal));

        var result = await client.DownloadAsync(Address, Target, Once);

        Assert.Equal((0, 1), (result.ResumedFrom, result.Attempts));
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    /// <summary>Changes bytes anywhere in a valid sidecar.</summary>
    [Fact]
    public void A_sidecar_with_any_content_is_read_without_an_exception()
    {
        var random = new Random(3);
        var version = new DownloadVersion(Responses.ETag, Monday, true, 1_000);
        var valid = new DownloadRecord("1", "0123456789abcdef", DownloadSource.Of(Address), version, "1-2").ToBytes(0, "3-4");
        for (var round = 0; round < 5_000; round++)
        {
            var bytes = (byte[])valid.Clone();
            for (var change = random.Next(4); change >= 0; change--)
            {
                bytes[random.Next(400)] = (byte)random.Next(256);
            }

            var record = DownloadRecord.Parse(bytes);

            Assert.True(record?.Version is null || record.Version.IsValid());
            using var request = new HttpRequestMessage();
            record?.Version?.RequestRest(request, 1);
        }
    }

    [Fact]
    public void A_shorter_record_replaces_a_longer_one_completely()
    {
        var version = new DownloadVersion($"\"{new string('x', 3_000)}\"", null, false, 1);
        var longer = new DownloadRecord("1", "0123456789abcdef", DownloadSource.Of(Address), version).ToBytes(0, "3-4");
        var shorter = new DownloadRecord("2", "0123456789abcdef").ToBytes(longer.Length, "3-4");

        Assert.Equal(longer.Length, shorter.Length);
        Assert.Equal(new DownloadRecord("2", "0123456789abcdef"), DownloadRecord.Parse(shorter));
        Assert.True(DownloadRecord.IsOwn(shorter, "3-4"));
        Assert.False(DownloadRecord.IsOwn(shorter, "3-45"));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("-3")]
    [InlineData("+5")]
    [InlineData("99999999999999999999")]
    [InlineData("5, 5")]
    [InlineData("5\r\nContent-Length: 1000")]
    [InlineData("1000\r\nContent-Length: 5")]
    [InlineData("\u001b[2J")]
    public async Task A_body_whose_length_is_unclear_is_never_a_complete_file(string length)
    {
        await using var server = new RawServer($"HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: {length}\r\n\r\n", Content);
        using var client = new HttpClient();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.DownloadAsync(server.Address, Target, Once).OrHangs());

        Assert.Contains("is not a length", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(failure.Message, char.IsControl);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_length_that_is_sent_twice_is_a_length()
    {
        await using var server = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Length: 1000\r\n\r\n", Content);
        using var client = new HttpClient();

        _ = await client.DownloadAsync(server.Address, Target, Once).OrHangs();

        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    /// <summary>.NET returns the first of two values, which may be the requested one.</summary>
    [Theory]
    [InlineData("ETag", "\"two\"")]
    [InlineData("Last-Modified", "Tue, 03 Nov 2026 10:00:00 GMT")]
    [InlineData("Content-Range", "bytes 0-399/1000")]
    [InlineData("Content-Length", "1000")]
    [InlineData("Content-Type", "multipart/byteranges; boundary=x")]
    [InlineData("Transfer-Encoding", "gzip, chunked")]
    public async Task A_rest_with_a_header_that_contradicts_it_restarts(string header, string value)
    {
        using var handler = new ScriptedHandler(
            _ => Dated(Responses.Whole(Content, body: Responses.Reset(Content, 600)), Monday),
            _ => With(Dated(Responses.Rest(Responses.Bytes(1_000, seed: 2), 600), Monday), header, value),
            _ => Responses.Whole(Content));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal("bytes=600-", handler.Ranges[1].Range);
        Assert.Null(handler.Ranges[2].Range);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    [Theory]
    [InlineData("ETag", "\"two\"")]
    [InlineData("Last-Modified", "Tue, 03 Nov 2026 10:00:00 GMT")]
    public async Task A_first_response_with_two_versions_is_not_resumed(string header, string value)
    {
        using var handler = new ScriptedHandler(
            _ => With(Dated(Responses.Whole(Content, body: Responses.Reset(Content, 600)), Monday), header, value),
            _ => Responses.Whole(Content));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Null(handler.Ranges[1].Range);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    [Theory]
    [InlineData("\u00e9", 1)]
    [InlineData("\t", 1)]
    [InlineData("<", 20_000)]
    public async Task An_ETag_that_no_request_can_contain_is_no_validator(string character, int count)
    {
        var eTag = $"\"{string.Concat(Enumerable.Repeat(character, count))}\"";
        await using var server = new RawServer($"HTTP/1.1 200 OK\r\nETag: {eTag}\r\nContent-Length: 1000\r\n\r\n", Content[..600]);
        using var client = new HttpClient();
        for (var call = 0; call < 2; call++)
        {
            _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(server.Address, Target, Once).OrHangs());
            Assert.Empty(_folder.Names);
        }
    }

    [Theory]
    [InlineData("gzip, chunked", "gzip")]
    [InlineData("chunked, chunked", "chunked")] // HttpClient decodes one of them.
    public async Task A_body_with_a_transfer_encoding_is_not_the_file(string encodings, string named)
    {
        using var handler = new ScriptedHandler(_ => With(Responses.Whole(Content), "Transfer-Encoding", encodings));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Once));

        Assert.Contains($"has the transfer encoding {named}", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    private static HttpResponseMessage With(HttpResponseMessage response, string header, string value)
    {
        Assert.True(response.Headers.TryAddWithoutValidation(header, value)
            || response.Content.Headers.TryAddWithoutValidation(header, value));
        return response;
    }

    private static HttpResponseMessage Tagged(HttpResponseMessage response, string? eTag) =>
        eTag is null ? response : With(response, "ETag", eTag);

    private static HttpResponseMessage AsOk(HttpResponseMessage response)
    {
        response.StatusCode = HttpStatusCode.OK;
        return response;
    }

    private static HttpResponseMessage Dated(HttpResponseMessage response, DateTimeOffset? modified)
    {
        response.Content.Headers.LastModified = modified;
        response.Headers.Date = Monday.AddDays(9);
        return response;
    }
}
