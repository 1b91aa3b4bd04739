using System.Net;
using System.Security.Cryptography;

namespace AsyncKit.Http.Tests;

/// <summary>Many downloads from a server that does everything wrong.</summary>
public sealed class DownloadAllTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Fault[] OfOneAttempt =
    [
        Fault.None, Fault.BusySeconds, Fault.BusyDate, Fault.ResetBeforeHeaders, Fault.ResetInBody, Fault.ResetInBody,
        Fault.Stall, Fault.WrongLength, Fault.NewVersion, Fault.IgnoredRange, Fault.Chunked, Fault.ChunkedReset, Fault.Gzip,
    ];

    private static readonly DownloadOptions Quick = new()
    {
        ReadIdleTimeout = TimeSpan.FromMilliseconds(200),
        Retry = new RetryOptions { Backoff = Backoff.None, DelayHint = RetryAfter.Of },
    };

    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All });

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Two_hundred_downloads_from_a_server_that_does_everything_wrong_end_complete_and_correct_or_as_a_named_failure()
    {
        const int Files = 200;
        await using var server = await FaultServer.StartAsync(
            file => file % 50 == 7 ? 0 : 1_000 + (file * 997 % 90_000),
            (file, attempt) => file % 20 == 3 ? Fault.Missing
                : file % 40 == 5 ? Fault.ResetBeforeHeaders
                : attempt > 3 ? Fault.None
                : OfOneAttempt[new Random((file * 10) + attempt).Next(OfOneAttempt.Length)]);
        var uris = Enumerable.Range(0, Files).Select(server.UriOf).ToArray();
        var totals = new Received<DownloadAllProgress>();
        var each = new Received<DownloadProgress>();
        var options = new DownloadAllOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 32, OnFailure = FailureMode.RunToEnd },
            Download = Quick with { Progress = each, ProgressInterval = TimeSpan.FromMilliseconds(1) },
            Progress = totals,
        };

        var report = await _client.DownloadAllReportAsync(uris, _folder.Path, options).OrHangs();

        Assert.Equal(Files, report.Outcomes.Count);
        Assert.Equal(15, report.FailedCount);
        Assert.Equal(Files - 15, report.SucceededCount);
        foreach (var outcome in report.Outcomes)
        {
            var name = FaultServer.NameOf(outcome.Index);
            if (outcome.Kind == FanOutOutcomeKind.Failed)
            {
                var failure = Assert.IsType<HttpRequestException>(outcome.Exception);
                Assert.Contains(_folder[name], failure.Message, StringComparison.Ordinal);
                Assert.Contains(uris[outcome.Index].ToString(), failure.Message, StringComparison.Ordinal);
                Assert.Equal(outcome.Index % 20 == 3 ? HttpStatusCode.NotFound : null, failure.StatusCode);
                Assert.Equal(outcome.Index % 20 == 3 ? 1 : 4, failure.Data["AsyncKit.Attempts"]);
            }
            else
            {
                var content = server.Content(outcome.Index);
                Assert.Equal(_folder[name], outcome.Value.Path);
                Assert.Equal(content.Length, outcome.Value.Length);
                Assert.Equal(
                    Convert.ToHexString(SHA256.HashData(content)),
                    Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(_folder[name]))));
            }
        }

        Assert.Equal(
            report.Values.Select(value => Path.GetFileName(value.Path)).Order(StringComparer.Ordinal), _folder.Names);
        CheckTotals(totals, Files, report.SucceededCount, report.FailedCount, report.Values.Sum(value => value.Length));
        Assert.False(each.WasConcurrent);
        Assert.All(
            each.All.GroupBy(one => one.Uri), one => Assert.Equal([true], one.Select(last => last.IsLast).Where(last => last)));
        Assert.Equal(Files, each.All.Count(one => one.IsLast));
    }

    private static void CheckTotals(
        Received<DownloadAllProgress> totals, int files, int done, int failed, long bytes)
    {
        var last = totals.All[^1];
        Assert.Equal((files, done, failed, 0), (last.TotalFiles, last.DoneFiles, last.FailedFiles, last.ActiveFiles));
        Assert.Equal(bytes, last.BytesOnDisk);
        Assert.Equal(bytes, last.KnownBytes);
        Assert.True(last.BytesReceived >= bytes);
        Assert.False(totals.WasConcurrent);
        Assert.All(totals.All.Zip(totals.All.Skip(1)), pair => Assert.True(
            pair.First.BytesReceived <= pair.Second.BytesReceived
            && pair.First.DoneFiles <= pair.Second.DoneFiles
            && pair.First.FailedFiles <= pair.Second.FailedFiles
            && pair.First.Elapsed <= pair.Second.Elapsed));
        Assert.All(totals.All, one => Assert.True(one.DoneFiles + one.FailedFiles + one.ActiveFiles <= files));
    }
}
