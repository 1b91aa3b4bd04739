using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using AsyncKit.Testing;

namespace AsyncKit.Http.Tests;

/// <summary>One download, without a network.</summary>
public sealed class DownloadTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly RetryOptions AtOnce = new() { Backoff = Backoff.None };
    private static readonly DownloadOptions Quick = new() { Retry = AtOnce };

    private readonly TempFolder _folder = new();

    public enum Misfit
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
    public async Task Under_its_name_there_is_only_ever_a_complete_file()
    {
        var file = Answers.Bytes(300_000);
        var gate = new Gate();
        using var handler = new ScriptedHandler(_ => Answers.Whole(file, body: Answers.Gated(file, 100_000, gate)));
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, Quick);
        await gate.ArrivedAsync(1);
        Assert.Equal(["a.bin.part", "a.bin.part.json"], _folder.Names);
        Assert.Equal(100_000, new FileInfo(_folder["a.bin.part"]).Length);
        gate.Open();
        var result = await download.OrHangs();

        Assert.Equal(["a.bin"], _folder.Names);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal((Address, Target, 300_000L, 300_000L, 0L, 1), (
            result.Uri, result.Path, result.Length, result.BytesReceived, result.ResumedFrom, result.Attempts));
        Assert.False(result.IsResumed || result.IsKept);
        Assert.Equal([(null, null)], handler.Asked);
    }

    [Fact]
    public async Task An_attempt_goes_on_from_the_bytes_on_disk_in_the_same_call()
    {
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Reset(file, 40_000)),
            _ => throw new HttpRequestException("Refused."),
            _ => Answers.Rest(file, 40_000, body: Answers.Short(file[40_000..], 20_000)),
            _ => Answers.Rest(file, 60_000));
        using var client = handler.Client();

        var result = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal(
            [(null, null), ("bytes=40000-", Answers.ETag), ("bytes=40000-", Answers.ETag), ("bytes=60000-", Answers.ETag)],
            handler.Asked);
        Assert.Equal((100_000L, 0L, 4), (result.BytesReceived, result.ResumedFrom, result.Attempts));
    }

    [Fact]
    public async Task An_attempt_goes_on_from_the_bytes_on_disk_in_a_later_call()
    {
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Reset(file, 40_000)), _ => Answers.Rest(file, 40_000));
        using var client = handler.Client();
        var once = Quick with { Retry = AtOnce with { MaxAttempts = 1 } };

        var failure = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        Assert.Equal(["a.bin.part", "a.bin.part.json"], _folder.Names);
        var result = await client.DownloadAsync(
            Address, Target, once with { ExpectedSha256 = Convert.ToHexStringLower(SHA256.HashData(file)) });

        Assert.Contains($"The download of {Address} to {Target} failed", failure.Message, StringComparison.Ordinal);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal((60_000L, 40_000L, 1, true), (result.BytesReceived, result.ResumedFrom, result.Attempts, result.IsResumed));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Theory]
    [InlineData(Misfit.OtherETag)]
    [InlineData(Misfit.WeakETag)]
    [InlineData(Misfit.OtherStart)]
    [InlineData(Misfit.OtherTotal)]
    [InlineData(Misfit.NoRange)]
    [InlineData(Misfit.NoLength)]
    [InlineData(Misfit.Encoded)]
    [InlineData(Misfit.NotSatisfiableElsewhere)]
    [InlineData(Misfit.WholeOfAnother)]
    public async Task Bytes_of_two_versions_are_never_mixed(Misfit misfit)
    {
        var old = Answers.Bytes(100_000);
        var now = Answers.Bytes(90_000, seed: 2);
        Func<HttpRequestMessage, HttpResponseMessage> whole = _ => Answers.Whole(now, "\"two\"");
        using var handler = new ScriptedHandler(
            [
                _ => Answers.Whole(old, body: Answers.Reset(old, 40_000)),
                .. misfit == Misfit.WholeOfAnother ? [] : new[] { (HttpRequestMessage _) => Of(misfit, old) },
                whole,
            ]);
        using var client = handler.Client();

        var result = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal(now, await File.ReadAllBytesAsync(Target));
        Assert.Equal("bytes=40000-", handler.Asked[1].Range);
        Assert.Equal(2, result.Attempts);
        if (misfit != Misfit.WholeOfAnother)
        {
            Assert.Null(handler.Asked[2].Range);
        }

        static HttpResponseMessage Of(Misfit misfit, byte[] old)
        {
            var response = misfit == Misfit.NotSatisfiableElsewhere
                ? Answers.NotSatisfiable(90_000)
                : Answers.Rest(old, misfit == Misfit.OtherStart ? 39_999 : 40_000);
            switch (misfit)
            {
                case Misfit.OtherETag:
                    response.Headers.ETag = new EntityTagHeaderValue("\"two\"");
                    break;
                case Misfit.WeakETag:
                    response.Headers.ETag = new EntityTagHeaderValue(Answers.ETag, isWeak: true);
                    break;
                case Misfit.OtherTotal:
                    response.Content.Headers.ContentRange = new ContentRangeHeaderValue(40_000, 99_999, 100_001);
                    break;
                case Misfit.NoRange:
                    response.Content.Headers.ContentRange = null;
                    break;
                case Misfit.NoLength:
                    response.Content = new StreamContent(new UnseekableOf(old[40_000..])) { Headers = { ContentRange = response.Content.Headers.ContentRange } };
                    break;
                case Misfit.Encoded:
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
    public async Task A_part_whose_rest_cannot_be_asked_for_begins_anew(string why)
    {
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => why switch
            {
                "weak" => Answers.Whole(file, "W/\"one\"", Answers.Reset(file, 40_000)),
                "no validator" => Answers.Whole(file, null, Answers.Reset(file, 40_000)),
                "no length" => Answers.Chunked(file, Answers.Reset(file, 40_000)),
                _ => Answers.Whole(file, body: Answers.Reset(file, 40_000)),
            },
            _ => Answers.Whole(file));
        using var client = handler.Client();
        var once = Quick with { Retry = AtOnce with { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        switch (why)
        {
            case "garbage":
                await File.WriteAllTextAsync(_folder["a.bin.part.json"], "{\"version\":1,");
                break;
            case "no sidecar":
                File.Delete(_folder["a.bin.part.json"]);
                break;
            case "too long":
                await File.WriteAllBytesAsync(_folder["a.bin.part"], new byte[100_001]);
                break;
            case "weak" or "no validator" or "no length":
                Assert.Empty(_folder.Names);
                break;
        }

        var result = await client.DownloadAsync(string.Equals(why, "other uri", StringComparison.Ordinal) ? new Uri(Address, "b") : Address, Target, once);

        Assert.Null(handler.Asked[1].Range);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
        Assert.Equal(0, result.ResumedFrom);
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task A_part_of_another_URL_is_left_until_something_takes_its_place()
    {
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Reset(file, 40_000)),
            _ => Answers.Status(HttpStatusCode.NotFound),
            _ => Answers.Rest(file, 40_000));
        using var client = handler.Client();
        var once = Quick with { Retry = AtOnce with { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        _ = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(new Uri(Address, "b"), Target, once));
        var result = await client.DownloadAsync(Address, Target, once);

        Assert.Equal([(null, null), (null, null), ("bytes=40000-", Answers.ETag)], handler.Asked);
        Assert.Equal(40_000, result.ResumedFrom);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task What_takes_the_place_of_a_part_of_another_URL_is_not_left_if_no_later_call_can_go_on_from_it()
    {
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Reset(file, 40_000)),
            _ => Answers.Chunked(file, Answers.Reset(file, 10_000)));
        using var client = handler.Client();
        var once = Quick with { Retry = AtOnce with { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, once));
        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(new Uri(Address, "b"), Target, once));

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task An_attempt_that_brings_bytes_and_runs_into_its_own_limit_is_the_first_of_a_new_row()
    {
        var time = new VirtualTime();
        var file = Answers.Bytes(1_000);
        Gate[] gates = [new(), new(), new()];
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Gated(file, 100, gates[0])),
            _ => Answers.Rest(file, 100, body: Answers.Gated(file[100..], 100, gates[1])),
            _ => Answers.Rest(file, 200, body: Answers.Gated(file[200..], 100, gates[2])),
            _ => Answers.Rest(file, 300));
        using var client = handler.Client();
        var seen = new List<Exception>();
        var options = new DownloadOptions
        {
            TimeProvider = time,
            ReadIdleTimeout = Timeout.InfiniteTimeSpan,
            Retry = AtOnce with { MaxAttempts = 2, AttemptTimeout = TimeSpan.FromSeconds(5), OnRetry = retry => seen.Add(retry.Exception) },
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
    public async Task A_date_of_modification_is_enough_when_it_is_older_than_the_answer()
    {
        var file = Answers.Bytes(100_000);
        var modified = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        HttpResponseMessage Dated(HttpResponseMessage response, TimeSpan age)
        {
            response.Content.Headers.LastModified = modified;
            response.Headers.Date = modified + age;
            return response;
        }

        using var handler = new ScriptedHandler(
            _ => Dated(Answers.Whole(file, null, Answers.Reset(file, 40_000)), TimeSpan.Zero),
            _ => Dated(Answers.Whole(file, null, Answers.Reset(file, 50_000)), TimeSpan.FromSeconds(1)),
            _ => Dated(Answers.Rest(file, 50_000, null), TimeSpan.FromSeconds(9)));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, Quick).OrHangs();

        Assert.Equal([(null, null), (null, null), ("bytes=50000-", modified.ToString("r"))], handler.Asked);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_part_that_has_all_bytes_is_complete_when_the_server_says_so()
    {
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Reset(file, 40_000)), _ => Answers.NotSatisfiable(100_000));
        using var client = handler.Client();
        _ = await Assert.ThrowsAsync<HttpIOException>(
            () => client.DownloadAsync(Address, Target, Quick with { Retry = AtOnce with { MaxAttempts = 1 } }));
        await File.WriteAllBytesAsync(_folder["a.bin.part"], file); // As if killed before the name was given.

        var result = await client.DownloadAsync(
            Address, Target, Quick with { ExpectedSha256 = Convert.ToHexString(SHA256.HashData(file)) });

        Assert.Equal(("bytes=100000-", Answers.ETag), handler.Asked[1]);
        Assert.Equal((0L, 100_000L), (result.BytesReceived, result.ResumedFrom));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task A_range_that_nobody_asked_for_is_a_failure()
    {
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => Answers.Rest(file, 0));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Equal(HttpStatusCode.PartialContent, failure.StatusCode);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_body_that_nobody_decodes_is_a_failure_that_says_so()
    {
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(request =>
        {
            Assert.Equal("identity", request.Headers.AcceptEncoding.ToString());
            var response = Answers.Whole(file);
            response.Content.Headers.ContentEncoding.Add("gzip");
            return response;
        });
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Contains("encoded as gzip", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_body_that_is_shorter_than_its_length_is_a_failed_attempt()
    {
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => Answers.Whole(file, body: Answers.Short(file, 999)));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<EndOfStreamException>(
            () => client.DownloadAsync(Address, Target, Quick with { Retry = AtOnce with { MaxAttempts = 1 } }));

        Assert.EndsWith("The body ended after 999 of 1000 bytes.", failure.Message, StringComparison.Ordinal);
        Assert.True(Transient.IsTransient(failure));
    }

    [Fact]
    public async Task A_body_that_is_longer_than_its_length_is_deleted()
    {
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => Answers.Whole(file[..999], body: new MemoryStream(file)));
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<InvalidDataException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_SHA256_that_was_expected_and_is_not_met_is_an_InvalidDataException_and_the_wrong_bytes_are_deleted()
    {
        var file = Answers.Bytes(1_000);
        var other = new string('a', 64);
        using var handler = new ScriptedHandler(_ => Answers.Whole(file));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<InvalidDataException>(
            () => client.DownloadAsync(Address, Target, Quick with { ExpectedSha256 = other }));

        Assert.Contains(Convert.ToHexString(SHA256.HashData(file)), failure.Message, StringComparison.Ordinal);
        Assert.Contains(other.ToUpperInvariant(), failure.Message, StringComparison.Ordinal);
        Assert.Contains(Target, failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task The_SHA256_is_that_of_the_file_however_often_it_was_interrupted_or_began_anew()
    {
        var old = Answers.Bytes(50_000, seed: 2);
        var file = Answers.Bytes(100_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(old, "\"old\"", Answers.Reset(old, 10_000)),
            _ => Answers.Whole(file, body: Answers.Reset(file, 10_000)), // Of the same length as what was there.
            _ => throw new HttpRequestException("Refused."),
            _ => Answers.Rest(file, 10_000, body: Answers.Reset(file[10_000..], 20_000)),
            _ => Answers.Rest(file, 30_000));
        using var client = handler.Client();

        _ = await client.DownloadAsync(
            Address, Target, Quick with { ExpectedSha256 = Convert.ToHexString(SHA256.HashData(file)) }).OrHangs();

        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_length_that_was_expected_and_is_not_met_is_an_InvalidDataException(bool isKnown)
    {
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(_ => isKnown ? Answers.Whole(file) : Answers.Chunked(file));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<InvalidDataException>(
            () => client.DownloadAsync(Address, Target, Quick with { ExpectedLength = 1_001 }));

        Assert.EndsWith("The length is 1000 bytes; ExpectedLength is 1001.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public async Task Without_a_length_the_end_of_the_body_is_the_end(int length)
    {
        var file = Answers.Bytes(length);
        using var handler = new ScriptedHandler(_ => Answers.Chunked(file));
        using var client = handler.Client();

        var result = await client.DownloadAsync(Address, Target, Quick);

        Assert.Equal(length, result.Length);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task MaxAttempts_counts_attempts_in_a_row_that_bring_no_new_byte()
    {
        var file = Answers.Bytes(10_000);
        var steps = Enumerable.Range(1, 9).Select(step => (Func<HttpRequestMessage, HttpResponseMessage>)(_ => step % 2 == 0
            ? Answers.Status(HttpStatusCode.BadGateway)
            : Answers.Rest(file, step / 2 * 1_000, body: Answers.Reset(file[(step / 2 * 1_000)..], 1_000))));
        using var handler = new ScriptedHandler(
            [_ => Answers.Whole(file, body: Answers.Reset(file, 0)), _ => Answers.Whole(file, body: Answers.Reset(file, 0)),
                .. steps.Skip(1).Prepend(_ => Answers.Whole(file, body: Answers.Reset(file, 1_000))),
                _ => Answers.Status(HttpStatusCode.BadGateway), _ => Answers.Status(HttpStatusCode.BadGateway)]);
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
        Assert.Equal(13, handler.Asked.Count);
        Assert.Equal([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], retries);
        Assert.Equal(5_000, new FileInfo(_folder["a.bin.part"]).Length);
    }

    [Fact]
    public async Task A_download_that_begins_anew_each_time_makes_no_progress_until_it_gets_further_than_ever()
    {
        var file = Answers.Bytes(10_000);
        using var handler = new ScriptedHandler([.. Enumerable.Repeat(
            (HttpRequestMessage _) => Answers.Chunked(file, Answers.Reset(file, 9_000)), 4)]);
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(
            Address, Target, Quick with { Retry = AtOnce with { MaxAttempts = 4 } }).OrHangs());

        Assert.Equal(4, handler.Asked.Count); // The first is also the first of the row after it.
    }

    [Fact]
    public async Task A_server_that_sends_nothing_for_ReadIdleTimeout_has_failed_the_attempt_with_a_TimeoutException()
    {
        var file = Answers.Bytes(1_000);
        var body = Answers.Stall(file, 400);
        using var handler = new ScriptedHandler(_ => Answers.Whole(file, body: body), _ => Answers.Rest(file, 400));
        using var client = handler.Client();
        Exception? seen = null;
        var options = new DownloadOptions
        {
            ReadIdleTimeout = TimeSpan.FromMilliseconds(20),
            Retry = AtOnce with { OnRetry = retry => seen = retry.Exception },
        };

        _ = await client.DownloadAsync(Address, Target, options).OrHangs();

        var timeout = Assert.IsType<TimeoutException>(seen);
        Assert.Equal($"The download of {Address} to {Target} failed: GET {Address}: no bytes of the response arrived within ReadIdleTimeout (00:00:00.0200000).", timeout.Message);
        Assert.True(((ScriptedBody)body).WasDisposed);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task Retry_After_is_honoured_and_the_response_disposed()
    {
        var time = new VirtualTime();
        var file = Answers.Bytes(1_000);
        var busy = Answers.Status(HttpStatusCode.ServiceUnavailable);
        busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
        using var handler = new ScriptedHandler(_ => busy, _ => Answers.Whole(file));
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
    public async Task All_rows_of_attempts_have_the_total_timeout_together()
    {
        var time = new VirtualTime();
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Reset(file, 100)),
            _ => Answers.Rest(file, 100, body: Answers.Reset(file[100..], 100)),
            _ => Answers.Rest(file, 200, body: Answers.Reset(file[200..], 100)));
        using var client = handler.Client();
        var options = new DownloadOptions
        {
            TimeProvider = time,
            Retry = new RetryOptions { Backoff = Backoff.Constant(TimeSpan.FromSeconds(4)), TotalTimeout = TimeSpan.FromSeconds(10) },
        };

        var download = client.DownloadAsync(Address, Target, options);
        for (var asked = 1; asked < 3; asked++)
        {
            await Hang.UntilAsync(() => handler.Asked.Count == asked && time.UntilNextTimer == TimeSpan.FromSeconds(4));
            time.Advance(TimeSpan.FromSeconds(4));
        }

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => download.OrHangs());

        Assert.Contains(Target, failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, failure.Data["AsyncKit.Attempts"]);
        Assert.Equal(300, new FileInfo(_folder["a.bin.part"]).Length);
    }

    [Fact]
    public async Task A_cancelled_download_leaves_its_part_for_a_later_call()
    {
        var file = Answers.Bytes(1_000);
        var gate = new Gate();
        using var handler = new ScriptedHandler(
            _ => Answers.Whole(file, body: Answers.Gated(file, 400, gate)), _ => Answers.Rest(file, 400));
        using var client = handler.Client();
        using var source = new CancellationTokenSource();

        var download = client.DownloadAsync(Address, Target, Quick, source.Token);
        await gate.ArrivedAsync(1);
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download.OrHangs());

        Assert.Equal(source.Token, cancelled.CancellationToken);
        Assert.Equal(["a.bin.part", "a.bin.part.json"], _folder.Names);
        _ = await client.DownloadAsync(Address, Target, Quick, CancellationToken.None);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_at_the_call_gives_a_cancelled_task_and_asks_for_nothing()
    {
        using var handler = new ScriptedHandler();
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, Quick, new CancellationToken(canceled: true));

        Assert.True(download.IsCanceled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_failed_download_leaves_nothing_if_no_later_call_can_go_on_from_it()
    {
        using var handler = new ScriptedHandler(_ => Answers.Status(HttpStatusCode.NotFound));
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.DownloadAsync(Address, Target, Quick));

        Assert.Equal(
            $"The download of {Address} to {Target} failed: {Address} returned 404 (Not Found).", failure.Message);
        Assert.Equal(HttpStatusCode.NotFound, failure.StatusCode);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task HttpClients_own_timeout_is_a_TimeoutException_that_is_tried_again()
    {
        var file = Answers.Bytes(1_000);
        using var handler = new ScriptedHandler(
            _ => throw new TaskCanceledException("HttpClient.Timeout", new TimeoutException()), _ => Answers.Whole(file));
        using var client = handler.Client();
        Exception? seen = null;

        _ = await client.DownloadAsync(
            Address, Target, Quick with { Retry = AtOnce with { OnRetry = retry => seen = retry.Exception } });

        Assert.Contains(Target, Assert.IsType<TimeoutException>(seen).Message, StringComparison.Ordinal);
    }

    private sealed class UnseekableOf(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
