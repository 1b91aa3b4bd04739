
namespace AsyncKit.Http.Tests;

/// <summary>Tests the reports to progress receivers.</summary>
public sealed class DownloadProgressTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly byte[] Content = Responses.Bytes(500_000);

    private readonly TempFolder _folder = new();

    private string Target => _folder["a.bin"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_progress_receiver_gets_a_last_snapshot_after_a_success_and_a_failure()
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 200_000)), _ => Responses.Rest(Content, 200_000));
        using var client = handler.Client();
        var progress = new Received<DownloadProgress>();
        var options = new DownloadOptions { Progress = progress, Retry = new RetryOptions { MaxAttempts = 1 } };

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, options));
        var afterFailure = progress.All;
        _ = await client.DownloadAsync(Address, Target, options);

        Assert.Equal((200_000L, 500_000L, 200_000L, true), Of(afterFailure[^1]));
        Assert.Equal((500_000L, 500_000L, 300_000L, true), Of(progress.All[^1]));
        Assert.Equal(2, progress.All.Count(one => one.IsLast));

        static (long, long?, long, bool) Of(DownloadProgress one) => (one.BytesOnDisk, one.TotalBytes, one.BytesReceived, one.IsLast);
    }

    [Fact]
    public async Task Progress_reports_are_never_concurrent_and_the_last_one_waits()
    {
        SequentialProgress<int> receiver = null!;
        var last = Task.CompletedTask;
        var reports = new Received<int>(value =>
        {
            if (value == 1)
            {
                Assert.Null(receiver.TryReport(_ => 2, 0));
                last = receiver.ReportAsync(_ => 3, 0).AsTask();
                Assert.False(last.IsCompleted);
            }
        });
        receiver = new SequentialProgress<int>(reports);

        Assert.Null(receiver.TryReport(_ => 1, 0));
        await last.OrHangs();

        Assert.Equal([1, 3], reports.All);
        Assert.False(reports.WasConcurrent);
    }

    [Fact]
    public async Task The_log_contains_failed_attempts_resumes_and_restarts()
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 200_000)),
            _ => Responses.Rest(Content, 200_000, body: Responses.Reset(Content, 0)),
            _ => Responses.Whole(Content, "\"two\""));
        using var client = handler.Client();
        var log = new LogLines();

        _ = await client.DownloadAsync(
            Address, Target, new DownloadOptions { Logger = log, Retry = new RetryOptions { Backoff = Backoff.None } });

        Assert.Equal([120, 121, 120, 122], log.All.Select(line => line.Id));
    }

    [Fact]
    public async Task An_exception_of_a_progress_receiver_fails_the_download_unchanged_without_a_retry()
    {
        var thrown = new TimeoutException("From the receiver.");
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content, body: new Slow(Content)));
        using var client = handler.Client();
        var calls = 0;
        var progress = new Received<DownloadProgress>(_ => throw (++calls == 1 ? thrown : new InvalidOperationException()));

        var failure = await Assert.ThrowsAsync<TimeoutException>(() => client.DownloadAsync(
            Address, Target, new DownloadOptions { Progress = progress, ProgressInterval = TimeSpan.FromMilliseconds(1) }));

        Assert.Same(thrown, failure);
        Assert.Equal(1, calls);
        Assert.Equal(["a.bin.asynckit.json", "a.bin.part"], _folder.Names);
    }

    [Fact]
    public async Task An_exception_of_a_progress_receiver_at_the_end_is_thrown()
    {
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content));
        using var client = handler.Client();
        var thrown = new InvalidOperationException();

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => client.DownloadAsync(
            Address,
            Target,
            new DownloadOptions { Progress = new Received<DownloadProgress>(_ => throw thrown), ProgressInterval = TimeSpan.FromDays(1) }));

        Assert.Same(thrown, failure);
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task An_exception_of_the_receiver_of_all_files_fails_the_run_after_a_single_call()
    {
        using var handler = new ScriptedHandler([.. Enumerable.Repeat((HttpRequestMessage _) => Responses.Whole(Content), 4)]);
        using var client = handler.Client();
        var thrown = new InvalidOperationException();
        var calls = 0;
        DownloadAllOptions Options(TimeSpan interval) => new()
        {
            FanOut = new FanOutOptions { MaxConcurrency = 1 },
            Download = new DownloadOptions { ProgressInterval = interval, OnExisting = ExistingFile.Replace },
            Progress = new Received<DownloadAllProgress>(_ => throw (++calls == 1 ? thrown : new NotSupportedException())),
        };

        foreach (var interval in new[] { TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1) })
        {
            calls = 0;
            Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => client.DownloadAllReportAsync(
                [Address, Address], _folder.Path, Options(interval))));
            Assert.Equal(1, calls);
        }
    }

    /// <summary>A stream whose reads take two milliseconds, so that a snapshot is due.</summary>
    private sealed class Slow(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var start = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMilliseconds(2))
            {
                await Task.Yield();
            }

            return Read(buffer.Span);
        }
    }
}
