using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using AsyncKit.Testing;

namespace AsyncKit.Http.Tests;

/// <summary>Tests single downloads without a network.</summary>
public sealed class DownloadTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly RetryOptions NoDelay = new() { Backoff = Backoff.None };
    private static readonly DownloadOptions Quick = new() { Retry = NoDelay };

    private readonly TempFolder _folder = new();

    public enum Mismatch
    {
        OtherETag,
        WeakETag,
        OtherStart,
        OtherTotal,
        NoRange,
        NoLength,
        Encoded,
        NotSatisfiableElsewhere,
        WholeOfAnother,
    }

    private string Target => _folder["a.bin"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_under_its_name_is_always_complete()
    {
        var file = Responses.Bytes(300_000);
        var gate = new TestGate();
        using var handler = new ScriptedHandler(_ => Responses.Whole(file, body: Responses.Gated(file, 100_000, gate)));
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, Quick);
        await gate.ArrivedAsync(1);
        Assert.Equal(["a.bin.asynckit.json", "a.bin.part"], _folder.Names);
        Assert.Equal(100_000, new FileInfo(_folder.PartOf("a.bin")).Length);
        gate.Open();
        var result = await download.OrHangs();

        Assert.Equal(["a.bin"], _folder.Names);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal((Address, Target, 300_000L, 300_000L, 0L, 1), (
            result.Uri, result.Path, result.Length, result.BytesReceived, result.ResumedFrom, result.Attempts));
        Assert.False(result.IsResumed || result.IsKept);
        Assert.Equal([(null, null)], handler.Ranges);
    }

    [Fact]
    public async Task An_attempt_resumes_from_the_bytes_on_disk_in_the_same_call()
    {
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Reset(file, 40_000)),
            _ => throw new HttpRequestException("Refused."),
            _ => Responses.Rest(file, 40_000, body: Responses.Short(file[40_000..], 20_000)),
            _ => Responses.Rest(file, 60_000));
        using var client = handler.Client();

        var result = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal(
            [(null, null), ("bytes=40000-", Responses.ETag), ("bytes=40000-", Responses.ETag), ("bytes=60000-", Responses.ETag)],
            handler.Ranges);
        Assert.Equal((100_000L, 0L, 4), (result.BytesReceived, result.ResumedFrom, result.Attempts));
    }

    [Fact]
    public async Task An_attempt_resumes_from_the_bytes_on_disk_in_a_later_call()
    {
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Reset(file, 40_000)), _ => Responses.Rest(file, 40_000));
        using var client = handler.Client();
        var once = Quick with { Retry = NoDelay with { MaxAttempts = 1 } };

        var failure = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        Assert.Equal(["a.bin.asynckit.json", "a.bin.part"], _folder.Names);
        var result = await client.DownloadAsync(
            Address, Target, once with { ExpectedSha256 = Convert.ToHexStringLower(SHA256.HashData(file)) });

        Assert.Contains($"The download of {Address} to {Target} failed", failure.Message, StringComparison.Ordinal);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal((60_000L, 40_000L, 1, true), (result.BytesReceived, result.ResumedFrom, result.Attempts, result.IsResumed));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Theory]
    [InlineData(Mismatch.OtherETag)]
    [InlineData(Mismatch.WeakETag)]
    [InlineData(Mismatch.OtherStart)]
    [InlineData(Mismatch.OtherTotal)]
    [InlineData(Mismatch.NoRange)]
    [InlineData(Mismatch.NoLength)]
    [InlineData(Mismatch.Encoded)]
    [InlineData(Mismatch.NotSatisfiableElsewhere)]
    [InlineData(Mismatch.WholeOfAnother)]
    public async Task Bytes_of_two_versions_are_never_mixed(Mismatch mismatch)
    {
        var old = Responses.Bytes(100_000);
        var now = Responses.Bytes(90_000, seed: 2);
        Func<HttpRequestMessage, HttpResponseMessage> whole = _ => Responses.Whole(now, "\"two\"");
        using var handler = new ScriptedHandler(
            [
                _ => Responses.Whole(old, body: Responses.Reset(old, 40_000)),
                .. mismatch == Mismatch.WholeOfAnother ? [] : new[] { (HttpRequestMessage _) => Of(mismatch, old) },
                whole,
            ]);
        using var client = handler.Client();

        var result = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal(now, await File.ReadAllBytesAsync(Target));
        Assert.Equal("bytes=40000-", handler.Ranges[1].Range);
        Assert.Equal(2, result.Attempts);
        if (mismatch != Mismatch.WholeOfAnother)
        {
            Assert.Null(handler.Ranges[2].Range);
        }

        static HttpResponseMessage Of(Mismatch mismatch, byte[] old)
        {
            var response = mismatch == Mismatch.NotSatisfiableElsewhere
                ? Responses.NotSatisfiable(90_000)
                : Responses.Rest(old, mismatch == Mismatch.OtherStart ? 39_999 : 40_000);
            switch (mismatch)
            {
                case Mismatch.OtherETag:
                    response.Headers.ETag = new EntityTagHeaderValue("\"two\"");
                    break;
                case Mismatch.WeakETag:
                    response.Headers.ETag = new EntityTagHeaderValue(Responses.ETag, isWeak: true);
                    break;
                case Mismatch.OtherTotal:
                    response.Content.Headers.ContentRange = new ContentRangeHeaderValue(40_000, 99_999, 100_001);
                    break;
                case Mismatch.NoRange:
                    response.Content.Headers.ContentRange = null;
                    break;
                case Mismatch.NoLength:
                    response.Content = new StreamContent(new UnseekableStream(old[40_000..]))
                    {
                        Headers = { ContentRange = response.Content.Headers.ContentRange },
                    };
                    break;
                case Mismatch.Encoded:
                    response.Content.Headers.ContentEncoding.Add("gzip");
                    break;
            }

            return response;
        }
    }

    [Theory]
    [InlineData("other uri")]
    [InlineData("weak")]
    [InlineData("no validator")]
    [InlineData("no length")]
    [InlineData("garbage")]
    [InlineData("no sidecar")]
    [InlineData("too long")]
    public async Task A_partial_file_without_a_usable_version_restarts(string why)
    {
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => why switch
            {
                "weak" => Responses.Whole(file, "W/\"one\"", Responses.Reset(file, 40_000)),
                "no validator" => Responses.Whole(file, null, Responses.Reset(file, 40_000)),
                "no length" => Responses.Chunked(file, Responses.Reset(file, 40_000)),
                _ => Responses.Whole(file, body: Responses.Reset(file, 40_000)),
            },
            _ => Responses.Whole(file));
        using var client = handler.Client();
        var once = Quick with { Retry = NoDelay with { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        switch (why)
        {
            case "garbage":
                var text = await File.ReadAllTextAsync(_folder.SidecarOf("a.bin"));
                await File.WriteAllTextAsync(_folder.SidecarOf("a.bin"), text[..text.IndexOf("\"owner", StringComparison.Ordinal)]);
                break;
            case "no sidecar":
                File.Delete(_folder.SidecarOf("a.bin"));
                break;
            case "too long":
                await File.WriteAllBytesAsync(_folder.PartOf("a.bin"), new byte[100_001]);
                break;
            case "weak" or "no validator" or "no length":
                Assert.Empty(_folder.Names);
                break;
        }

        var uri = string.Equals(why, "other uri", StringComparison.Ordinal) ? new Uri(Address, "b") : Address;
        var result = await client.DownloadAsync(uri, Target, once);

        Assert.Null(handler.Ranges[1].Range);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal(0, result.ResumedFrom);
        Assert.Equal(why is "garbage" or "no sidecar" ? ["a.bin", "a.bin.part"] : ["a.bin"], _folder.Names); // No proof.
    }

    [Fact]
    public async Task A_partial_file_of_another_URL_stays_until_a_response_replaces_it()
    {
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Reset(file, 40_000)),
            _ => Responses.Status(HttpStatusCode.NotFound),
            _ => Responses.Rest(file, 40_000));
        using var client = handler.Client();
        var once = Quick with { Retry = NoDelay with { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        _ = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(new Uri(Address, "b"), Target, once));
        var result = await client.DownloadAsync(Address, Target, once);

        Assert.Equal([(null, null), (null, null), ("bytes=40000-", Responses.ETag)], handler.Ranges);
        Assert.Equal(40_000, result.ResumedFrom);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task The_replacement_of_another_partial_file_is_deleted_if_it_cannot_be_resumed()
    {
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Reset(file, 40_000)),
            _ => Responses.Chunked(file, Responses.Reset(file, 10_000)));
        using var client = handler.Client();
        var once = Quick with { Retry = NoDelay with { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(new Uri(Address, "b"), Target, once));

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_timed_out_attempt_with_new_bytes_starts_a_new_series()
    {
        var time = new VirtualTime();
        var file = Responses.Bytes(1_000);
        TestGate[] gates = [new(), new(), new()];
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Gated(file, 100, gates[0])),
            _ => Responses.Rest(file, 100, body: Responses.Gated(file[100..], 100, gates[1])),
            _ => Responses.Rest(file, 200, body: Responses.Gated(file[200..], 100, gates[2])),
            _ => Responses.Rest(file, 300));
        using var client = handler.Client();
        var seen = new List<Exception>();
        var options = new DownloadOptions
        {
            TimeProvider = time,
            ReadIdleTimeout = Timeout.InfiniteTimeSpan,
            Retry = NoDelay with { MaxAttempts = 2, AttemptTimeout = TimeSpan.FromSeconds(5), OnRetry = retry => seen.Add(retry.Exception) },
        };

        var download = client.DownloadAsync(Address, Target, options);
        foreach (var gate in gates)
        {
            await gate.ArrivedAsync(1);
            time.Advance(TimeSpan.FromSeconds(5));
        }

        var result = await download.OrHangs();

        Assert.Equal(4, result.Attempts);
        Assert.Equal(3, seen.Count);
        Assert.All(seen, one => Assert.Contains(Target, Assert.IsType<TimeoutException>(one).Message, StringComparison.Ordinal));
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_modification_date_is_a_validator_if_it_is_older_than_the_response()
    {
        var file = Responses.Bytes(100_000);
        var modified = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        HttpResponseMessage Dated(HttpResponseMessage response, TimeSpan age)
        {
            response.Content.Headers.LastModified = modified;
            response.Headers.Date = modified + age;
            return response;
        }

        using var handler = new ScriptedHandler(
            _ => Dated(Responses.Whole(file, null, Responses.Reset(file, 40_000)), TimeSpan.Zero),
            _ => Dated(Responses.Whole(file, null, Responses.Reset(file, 50_000)), TimeSpan.FromSeconds(1)),
            _ => Dated(Responses.Rest(file, 50_000, null), TimeSpan.FromSeconds(9)));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal([(null, null), (null, null), ("bytes=50000-", modified.ToString("r"))], handler.Ranges);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_partial_file_with_all_bytes_is_complete_if_the_server_confirms_its_length()
    {
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Reset(file, 40_000)), _ => Responses.NotSatisfiable(100_000));
        using var client = handler.Client();
        _ = await Assert.ThrowsAsync<HttpIOException>(
            () => client.DownloadAsync(Address, Target, Quick with { Retry = NoDelay with { MaxAttempts = 1 } }));
        await File.WriteAllBytesAsync(_folder.PartOf("a.bin"), file); // As if the process was killed before the rename.

        var result = await client.DownloadAsync(
            Address, Target, Quick with { ExpectedSha256 = Convert.ToHexString(SHA256.HashData(file)) });

        Assert.Equal(("bytes=100000-", Responses.ETag), handler.Ranges[1]);
        Assert.Equal((0L, 100_000L), (result.BytesReceived, result.ResumedFrom));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task An_unrequested_range_fails_the_download()
    {
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => Responses.Rest(file, 0));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Equal(HttpStatusCode.PartialContent, failure.StatusCode);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_body_with_an_unknown_encoding_fails_and_the_message_names_the_encoding()
    {
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(request =>
        {
            Assert.Equal("identity", request.Headers.AcceptEncoding.ToString());
            var response = Responses.Whole(file);
            response.Content.Headers.ContentEncoding.Add("gzip");
            return response;
        });
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Contains("encoded as gzip", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_body_that_is_shorter_than_its_length_fails_the_attempt()
    {
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => Responses.Whole(file, body: Responses.Short(file, 999)));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<EndOfStreamException>(
            () => client.DownloadAsync(Address, Target, Quick with { Retry = NoDelay with { MaxAttempts = 1 } }));

        Assert.EndsWith("The body ended after 999 of 1000 bytes.", failure.Message, StringComparison.Ordinal);
        Assert.True(Transient.IsTransient(failure));
    }

    [Fact]
    public async Task A_body_that_is_longer_than_its_length_is_deleted()
    {
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => Responses.Whole(file[..999], body: new MemoryStream(file)));
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<InvalidDataException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_wrong_SHA256_fails_with_an_InvalidDataException_and_deletes_the_bytes()
    {
        var file = Responses.Bytes(1_000);
        var other = new string('a', 64);
        using var handler = new ScriptedHandler(_ => Responses.Whole(file));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<InvalidDataException>(
            () => client.DownloadAsync(Address, Target, Quick with { ExpectedSha256 = other }));

        Assert.Contains(Convert.ToHexString(SHA256.HashData(file)), failure.Message, StringComparison.Ordinal);
        Assert.Contains(other.ToUpperInvariant(), failure.Message, StringComparison.Ordinal);
        Assert.Contains(Target, failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task The_SHA256_covers_the_whole_file_after_interruptions_and_restarts()
    {
        var old = Responses.Bytes(50_000, seed: 2);
        var file = Responses.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(old, "\"old\"", Responses.Reset(old, 10_000)),
            _ => Responses.Whole(file, body: Responses.Reset(file, 10_000)), // As long as the partial file.
            _ => throw new HttpRequestException("Refused."),
            _ => Responses.Rest(file, 10_000, body: Responses.Reset(file[10_000..], 20_000)),
            _ => Responses.Rest(file, 30_000));
        using var client = handler.Client();

        _ = await client.DownloadAsync(
            Address, Target, Quick with { ExpectedSha256 = Convert.ToHexString(SHA256.HashData(file)) }).OrHangs();

        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wrong_length_fails_with_an_InvalidDataException(bool isKnown)
    {
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => isKnown ? Responses.Whole(file) : Responses.Chunked(file));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<InvalidDataException>(
            () => client.DownloadAsync(Address, Target, Quick with { ExpectedLength = 1_001 }));

        Assert.EndsWith("The length is 1000 bytes; ExpectedLength is 1001.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public async Task A_body_without_a_length_is_complete_at_its_end(int length)
    {
        var file = Responses.Bytes(length);
        using var handler = new ScriptedHandler(_ => Responses.Chunked(file));
        using var client = handler.Client();

        var result = await client.DownloadAsync(Address, Target, Quick);

        Assert.Equal(length, result.Length);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task MaxAttempts_counts_consecutive_attempts_without_new_bytes()
    {
        var file = Responses.Bytes(10_000);
        var steps = Enumerable.Range(1, 9).Select(step => (Func<HttpRequestMessage, HttpResponseMessage>)(_ => step % 2 == 0
            ? Responses.Status(HttpStatusCode.BadGateway)
            : Responses.Rest(file, step / 2 * 1_000, body: Responses.Reset(file[(step / 2 * 1_000)..], 1_000))));
        using var handler = new ScriptedHandler(
            [_ => Responses.Whole(file, body: Responses.Reset(file, 0)), _ => Responses.Whole(file, body: Responses.Reset(file, 0)),
                .. steps.Skip(1).Prepend(_ => Responses.Whole(file, body: Responses.Reset(file, 1_000))),
                _ => Responses.Status(HttpStatusCode.BadGateway), _ => Responses.Status(HttpStatusCode.BadGateway)]);
        using var client = handler.Client();
        var retries = new List<int>();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(
            Address,
            Target,
            new DownloadOptions
            {
                Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.None, OnRetry = retry => retries.Add(retry.Attempt) },
            }).OrHangs());

        Assert.Equal(HttpStatusCode.BadGateway, failure.StatusCode);
        Assert.Equal(13, failure.Data["AsyncKit.Attempts"]);
        Assert.Equal(13, handler.Ranges.Count);
        Assert.Equal([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], retries);
        Assert.Equal(5_000, new FileInfo(_folder.PartOf("a.bin")).Length);
    }

    [Fact]
    public async Task A_download_that_always_restarts_fails_after_MaxAttempts()
    {
        var file = Responses.Bytes(10_000);
        using var handler = new ScriptedHandler([.. Enumerable.Repeat(
            (HttpRequestMessage _) => Responses.Chunked(file, Responses.Reset(file, 9_000)), 4)]);
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(
            Address, Target, Quick with { Retry = NoDelay with { MaxAttempts = 4 } }).OrHangs());

        Assert.Equal(4, handler.Ranges.Count); // The first attempt also counts as the first of the next series.
    }

    [Fact]
    public async Task A_body_that_stalls_for_ReadIdleTimeout_fails_the_attempt_with_a_TimeoutException()
    {
        var file = Responses.Bytes(1_000);
        var body = Responses.Stall(file, 400);
        using var handler = new ScriptedHandler(_ => Responses.Whole(file, body: body), _ => Responses.Rest(file, 400));
        using var client = handler.Client();
        Exception? seen = null;
        var options = new DownloadOptions
        {
            ReadIdleTimeout = TimeSpan.FromMilliseconds(20),
            Retry = NoDelay with { OnRetry = retry => seen = retry.Exception },
        };

        _ = await client.DownloadAsync(Address, Target, options).OrHangs();

        var timeout = Assert.IsType<TimeoutException>(seen);
        Assert.Equal(
            $"The download of {Address} to {Target} failed: GET {Address}: no bytes of the response arrived within "
            + "ReadIdleTimeout (20 ms).",
            timeout.Message);
        Assert.True(((ScriptedBody)body).WasDisposed);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task Retry_After_is_honored_and_the_response_is_disposed()
    {
        var time = new VirtualTime();
        var file = Responses.Bytes(1_000);
        var busy = Responses.Status(HttpStatusCode.ServiceUnavailable);
        busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
        using var handler = new ScriptedHandler(_ => busy, _ => Responses.Whole(file));
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, new DownloadOptions { TimeProvider = time });
        await Hang.UntilAsync(() => time.UntilNextTimer == TimeSpan.FromSeconds(7));
        time.Advance(TimeSpan.FromSeconds(7));
        var result = await download.OrHangs();

        Assert.Equal(2, result.Attempts);
        Assert.Equal(TimeSpan.FromSeconds(7), result.Elapsed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => busy.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task All_series_of_attempts_share_the_total_timeout()
    {
        var time = new VirtualTime();
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Reset(file, 100)),
            _ => Responses.Rest(file, 100, body: Responses.Reset(file[100..], 100)),
            _ => Responses.Rest(file, 200, body: Responses.Reset(file[200..], 100)));
        using var client = handler.Client();
        var options = new DownloadOptions
        {
            TimeProvider = time,
            Retry = new RetryOptions { Backoff = Backoff.Constant(TimeSpan.FromSeconds(4)), TotalTimeout = TimeSpan.FromSeconds(10) },
        };

        var download = client.DownloadAsync(Address, Target, options);
        for (var requests = 1; requests < 3; requests++)
        {
            await Hang.UntilAsync(() => handler.Ranges.Count == requests && time.UntilNextTimer == TimeSpan.FromSeconds(4));
            time.Advance(TimeSpan.FromSeconds(4));
        }

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => download.OrHangs());

        Assert.Contains(Target, failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, failure.Data["AsyncKit.Attempts"]);
        Assert.Equal(300, new FileInfo(_folder.PartOf("a.bin")).Length);
    }

    [Fact]
    public async Task A_cancelled_download_keeps_its_partial_file_for_a_later_call()
    {
        var file = Responses.Bytes(1_000);
        var gate = new TestGate();
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(file, body: Responses.Gated(file, 400, gate)), _ => Responses.Rest(file, 400));
        using var client = handler.Client();
        using var source = new CancellationTokenSource();

        var download = client.DownloadAsync(Address, Target, Quick, source.Token);
        await gate.ArrivedAsync(1);
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download.OrHangs());

        Assert.Equal(source.Token, cancelled.CancellationToken);
        Assert.Equal(["a.bin.asynckit.json", "a.bin.part"], _folder.Names);
        _ = await client.DownloadAsync(Address, Target, Quick, CancellationToken.None);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_call_with_a_cancelled_token_returns_a_cancelled_task_and_sends_no_request()
    {
        using var handler = new ScriptedHandler();
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, Quick, new CancellationToken(canceled: true));

        Assert.True(download.IsCanceled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_failed_download_leaves_no_file_if_no_later_call_can_resume_from_it()
    {
        using var handler = new ScriptedHandler(_ => Responses.Status(HttpStatusCode.NotFound));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Equal(
            $"The download of {Address} to {Target} failed: {Address} returned 404 (Not Found).", failure.Message);
        Assert.Equal(HttpStatusCode.NotFound, failure.StatusCode);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_timeout_of_HttpClient_becomes_a_TimeoutException_and_is_retried()
    {
        var file = Responses.Bytes(1_000);
        using var handler = new ScriptedHandler(
            _ => throw new TaskCanceledException("HttpClient.Timeout", new TimeoutException()), _ => Responses.Whole(file));
        using var client = handler.Client();
        Exception? seen = null;

        _ = await client.DownloadAsync(
            Address, Target, Quick with { Retry = NoDelay with { OnRetry = retry => seen = retry.Exception } });

        Assert.Contains(Target, Assert.IsType<TimeoutException>(seen).Message, StringComparison.Ordinal);
    }
}
