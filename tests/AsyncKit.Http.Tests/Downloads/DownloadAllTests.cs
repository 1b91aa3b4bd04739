using System.Net;
using System.Security.Cryptography;

namespace AsyncKit.Http.Tests;

/// <summary>Tests downloads of many files from a faulty server.</summary>
public sealed class DownloadAllTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int MaxAttempts = 10; // More than the faults, since a busy machine may stall too.

    private static readonly Fault[] AttemptFaults =
    [
        Fault.None, Fault.BusySeconds, Fault.BusyDate, Fault.ResetBeforeHeaders, Fault.ResetInBody, Fault.ResetInBody,
        Fault.Stall, Fault.WrongLength, Fault.NewVersion, Fault.IgnoredRange, Fault.Chunked, Fault.ChunkedReset, Fault.Gzip,
    ];

    private static readonly DownloadOptions Quick = new()
    {
        ReadIdleTimeout = TimeSpan.FromMilliseconds(200),
        Retry = new RetryOptions { MaxAttempts = MaxAttempts, Backoff = Backoff.None },
    };

    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All });

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_download_from_a_faulty_server_is_correct_or_fails_with_a_named_exception()
    {
        const int Files = 200;
        await using var server = await FaultServer.StartAsync(
            file => file % 50 == 7 ? 0 : 1_000 + (file * 997 % 90_000),
            (file, attempt) => file % 20 == 3 ? Fault.Missing
                : file % 40 == 5 ? Fault.ResetBeforeHeaders
                : attempt > 3 ? Fault.None
                : AttemptFaults[new Random((file * 10) + attempt).Next(AttemptFaults.Length)]);
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
                Assert.Equal(outcome.Index % 20 == 3 ? 1 : MaxAttempts, failure.Data["AsyncKit.Attempts"]);
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
            report.Values.Select(value => Path.GetFileName(value.Path)).Order(StringComparer.Ordinal).ToArray(), _folder.Names);
        CheckTotals(totals, Files, report.SucceededCount, report.FailedCount, report.Values.Sum(value => value.Length));
        Assert.False(each.WasConcurrent);
        Assert.All(
            each.All.GroupBy(one => one.Uri), one => Assert.Equal([true], one.Select(last => last.IsLast).Where(last => last)));
        Assert.Equal(Files, each.All.Count(one => one.IsLast));
    }

    [Fact]
    public async Task Results_are_in_source_order_with_names_in_source_order()
    {
        await using var server = await FaultServer.StartAsync(_ => 1_000, (_, _) => Fault.None);
        Uri[] uris = [server.UriOf(3), server.UriOf(1), server.UriOf(3), server.UriOf(2)];

        var results = await _client.DownloadAllAsync(uris, _folder.Path, maxConcurrency: 3).OrHangs();

        Assert.Equal(
            ["file-3.bin", "file-1.bin", "file-3 (2).bin", "file-2.bin"],
            results.Select(result => Path.GetFileName(result.Path)).ToArray());
        Assert.Equal(uris, results.Select(result => result.Uri));
        Assert.Equal(server.Content(3), await File.ReadAllBytesAsync(_folder["file-3 (2).bin"]));
    }

    [Fact]
    public async Task A_repeated_call_with_Keep_downloads_only_the_missing_files()
    {
        await using var server = await FaultServer.StartAsync(
            file => 100_000 + file, (file, attempt) => file % 2 == 1 && attempt == 1 ? Fault.ResetInBody : Fault.None);
        var uris = Enumerable.Range(0, 6).Select(server.UriOf).ToList();
        var options = new DownloadAllOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 2, OnFailure = FailureMode.RunToEnd },
            Download = Quick with { OnExisting = ExistingFile.Keep, Retry = new RetryOptions { MaxAttempts = 1 } },
        };

        var first = await _client.DownloadAllReportAsync(uris, _folder.Path, options).OrHangs();
        Assert.Equal((3, 3), (first.SucceededCount, first.FailedCount));
        var second = await _client.DownloadAllAsync(uris, _folder.Path, options).OrHangs();

        Assert.Equal([true, false, true, false, true, false], second.Select(result => result.IsKept));
        Assert.Equal(Enumerable.Range(0, 6).Select(server.KeptNameOf).ToArray(), _folder.Names);
        Assert.All(Enumerable.Range(0, 6), file => Assert.Equal(
            server.Content(file), File.ReadAllBytes(_folder[server.KeptNameOf(file)])));
    }

    [Fact]
    public async Task The_first_failure_stops_the_run_and_the_report_of_an_array_lists_the_unstarted_files()
    {
        await using var server = await FaultServer.StartAsync(_ => 1_000, (_, _) => Fault.Missing);
        var uris = Enumerable.Range(0, 5).Select(server.UriOf).ToArray();
        var one = new FanOutOptions(1) { OnFailure = FailureMode.StopAtFirst };

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => _client.DownloadAllAsync(uris, _folder.Path, 1));
        var report = await _client.DownloadAllReportAsync(uris, _folder.Path, new DownloadAllOptions { FanOut = one });
        var all = await _client.DownloadAllReportAsync(uris.Select(uri => uri), _folder.Path, 2);

        Assert.Equal(0, failure.Data["AsyncKit.Index"]);
        Assert.Equal((1, 4), (report.FailedCount, report.NotStartedCount));
        Assert.Equal(5, all.FailedCount);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_partition_uses_the_URIs()
    {
        await using var server = await FaultServer.StartAsync(_ => 1_000, (_, _) => Fault.None);
        var progress = new Received<DownloadAllProgress>();
        var options = new DownloadAllOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 8, Partition = FanOutPartition.By<Uri, string>(uri => uri.Host, 1) },
            Download = Quick with { ProgressInterval = TimeSpan.FromMilliseconds(1) },
            Progress = progress,
        };

        var results = await _client.DownloadAllAsync(
            Enumerable.Range(0, 20).Select(server.UriOf), _folder.Path, options).OrHangs();

        Assert.Equal(20, results.Length);
        Assert.All(progress.All, one => Assert.InRange(one.ActiveFiles, 0, 1));
        Assert.Null(progress.All[0].TotalFiles);
    }

    [Fact]
    public async Task Invalid_arguments_throw_at_the_call()
    {
        Uri[] uris = [new("http://h/a")];
        var limit = new FanOutOptions { MaxConcurrency = 1 };
        void Throws<T>(string parameter, Func<Task> call)
            where T : ArgumentException => Assert.Equal(parameter, Assert.Throws<T>(() => { _ = call(); }).ParamName);

        Throws<ArgumentNullException>("client", () => default(HttpClient)!.DownloadAsync(uris[0], "a"));
        Throws<ArgumentNullException>("uri", () => _client.DownloadAsync(null!, "a"));
        Throws<ArgumentException>("uri", () => _client.DownloadAsync(new Uri("a", UriKind.Relative), "a"));
        Throws<ArgumentNullException>("path", () => _client.DownloadAsync(uris[0], null!));
        Throws<ArgumentException>("path", () => _client.DownloadAsync(uris[0], "a/"));
        Throws<ArgumentNullException>("uris", () => _client.DownloadAllAsync(null!, "a", 1));
        Throws<ArgumentException>("folder", () => _client.DownloadAllAsync(uris, "", 1));
        Throws<ArgumentOutOfRangeException>("maxConcurrency", () => _client.DownloadAllReportAsync(uris, "a", 0));
        Throws<ArgumentNullException>("options", () => _client.DownloadAllAsync(uris, "a", null!));
        Throws<ArgumentException>("uris", () => _client.DownloadAllAsync(new Uri[] { null! }, "a", 1));
        Throws<ArgumentException>("options", () => _client.DownloadAllAsync(
            uris, "a", new DownloadAllOptions { FanOut = limit, Download = new DownloadOptions { ExpectedLength = 1 } }));
        Throws<ArgumentException>("options", () => _client.DownloadAllAsync(
            uris, "a", new DownloadAllOptions { FanOut = limit with { Order = FanOutOrder.Completion } }));
        var late = await Assert.ThrowsAsync<ArgumentException>(
            () => _client.DownloadAllAsync(Enumerable.Repeat<Uri>(null!, 1), _folder.Path, 1));
        Assert.Equal("uris", late.ParamName);
    }

    [Fact]
    public void Invalid_options_throw_when_they_are_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadOptions { OnExisting = (ExistingFile)3 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadOptions { ExpectedLength = -1 });
        Assert.Throws<ArgumentException>(() => new DownloadOptions { ExpectedSha256 = new string('g', 64) });
        Assert.Throws<ArgumentException>(() => new DownloadOptions { ExpectedSha256 = "aa" });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadOptions { ReadIdleTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadOptions { ReadIdleTimeout = TimeSpan.FromDays(50) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DownloadOptions { ProgressInterval = TimeSpan.Zero });
        Assert.Throws<ArgumentNullException>(() => new DownloadOptions { Retry = null! });
        Assert.Throws<ArgumentNullException>(() => new DownloadOptions { TimeProvider = null! });
        Assert.Throws<ArgumentNullException>(() => new DownloadAllOptions { FanOut = null! });
        Assert.Throws<ArgumentNullException>(
            () => new DownloadAllOptions { FanOut = new FanOutOptions { MaxConcurrency = 1 }, Download = null! });
        Assert.Equal(Timeout.InfiniteTimeSpan, new DownloadOptions { ReadIdleTimeout = Timeout.InfiniteTimeSpan }.ReadIdleTimeout);
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
