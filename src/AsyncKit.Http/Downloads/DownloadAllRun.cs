using System.Collections.Immutable;
using System.Runtime.ExceptionServices;

namespace AsyncKit.Http;

/// <summary>The state that the downloads of a call share: their file names and their common progress. The run itself is
/// a fan-out over the URIs, so that a partition can use the host.</summary>
internal sealed class DownloadAllRun
{
    private readonly DownloadContext _context;
    private readonly DownloadNames _names;
    private readonly DownloadTotals? _totals;

    public DownloadAllRun(HttpClient client, IEnumerable<Uri> uris, string folder, DownloadAllOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(uris);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Download is not { ExpectedLength: null, ExpectedSha256: null })
        {
            throw new ArgumentException(
                "Download.ExpectedLength and ExpectedSha256 must be null for many files; they belong to one file.",
                nameof(options));
        }

        _names = new DownloadNames(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), client.BaseAddress);
        Source = uris is Uri[] or List<Uri> or ImmutableArray<Uri>
            ? uris.Select(_names.Add).ToArray() // An array, so that the run knows the number of files.
            : uris.Select(_names.Add);
        _totals = options.Progress is null
            ? null
            : new DownloadTotals(
                options.Progress,
                options.Download.ProgressInterval,
                AsyncEnvironment.Clock(options.Download.TimeProvider),
                (Source as Uri[])?.Length);
        _context = new DownloadContext(client, options.Download, _totals);
    }

    /// <summary>The URIs. Pulling one assigns its file name.</summary>
    public IEnumerable<Uri> Source { get; }

    public async Task<DownloadResult> DownloadAsync(Uri item, CancellationToken cancellationToken)
    {
        _totals?.OnStarted();
        var kind = FanOutOutcomeKind.Failed;
        try
        {
            var uri = DownloadUri.Absolute(item, _context.Client.BaseAddress);
            var download = new DownloadRun(_context, uri, _names.PathOf(item));
            var result = await download.RunAsync(cancellationToken).NoContext();
            kind = FanOutOutcomeKind.Succeeded;
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            kind = FanOutOutcomeKind.Cancelled;
            throw;
        }
        finally
        {
            _totals?.OnCompleted(kind);
        }
    }

    /// <summary>Waits for the run, then reports the last snapshot of all files.</summary>
    /// <returns>A task with the result of the run. It is faulted with the exception of the progress receiver if the run
    /// itself succeeded.</returns>
    public Task<TResult> CompleteAsync<TResult>(Task<TResult> run) =>
        _totals is null ? run : ReportLastAsync(_totals, run).Unwrap();

    /// <returns>The run itself, so that a run with several exceptions keeps them.</returns>
    private static async Task<Task<TResult>> ReportLastAsync<TResult>(DownloadTotals totals, Task<TResult> run)
    {
        await Task.WhenAny(run).NoContext(); // Waits without throwing.
        _ = await totals.FinishAsync().NoContext();
        if (run.IsCompletedSuccessfully && totals.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return run;
    }
}
