using System.Collections.Immutable;
using System.Runtime.ExceptionServices;

namespace AsyncKit.Http;

/// <summary>What the downloads of a call share: their names, and how far they are together. The run itself is a fan-out
/// over the URIs, so that a partition can be by host.</summary>
internal sealed class DownloadAllRun
{
    private readonly DownloadContext _terms;
    private readonly DownloadNames _names;
    private readonly DownloadTotals? _totals;

    private DownloadAllRun(HttpClient client, IEnumerable<Uri> uris, string folder, DownloadAllOptions options)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _names = new DownloadNames(full, client.BaseAddress);
        Source = uris is Uri[] or List<Uri> or ImmutableArray<Uri>
            ? uris.Select(_names.Add).ToArray() // So that the run knows how many there are.
            : uris.Select(_names.Add);
        _totals = options.Progress is null
            ? null
            : new DownloadTotals(
                options.Progress,
                options.Download.ProgressInterval,
                AsyncEnvironment.Clock(options.Download.TimeProvider),
                (Source as Uri[])?.Length);
        _terms = new DownloadContext(client, options.Download, _totals);
    }

    /// <summary>The URIs, named as they are pulled.</summary>
    public IEnumerable<Uri> Source { get; }

    public static DownloadAllRun Prepare(
        HttpClient client, IEnumerable<Uri> uris, string folder, DownloadAllOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(uris);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Download is not { ExpectedLength: null, ExpectedSha256: null })
        {
            throw new ArgumentException(
                "Download must have no ExpectedLength and no ExpectedSha256: they are of one file.", nameof(options));
        }

        return new DownloadAllRun(client, uris, folder, options);
    }

    public async Task<DownloadResult> DownloadAsync(Uri item, CancellationToken cancellationToken)
    {
        _totals?.OnStarted();
        var kind = FanOutOutcomeKind.Failed;
        try
        {
            var uri = DownloadUri.Absolute(item, _terms.Client.BaseAddress);
            var result = await new DownloadRun(_terms, uri, _names.PathOf(item)).RunAsync(cancellationToken).NoContext();
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
            _totals?.OnEnded(kind);
        }
    }

    /// <summary>Tells the last state of all, when the run has ended.</summary>
    /// <exception cref="Exception">What the receiver has thrown, if the run has not failed anyway.</exception>
    public Task<TResult> EndAsync<TResult>(Task<TResult> run) =>
        _totals is null ? run : ToldAsync(_totals, run).Unwrap();

    /// <returns>The run itself, which may have failed with several exceptions.</returns>
    private static async Task<Task<TResult>> ToldAsync<TResult>(DownloadTotals totals, Task<TResult> run)
    {
        await Task.WhenAny(run).NoContext(); // Does not throw for it.
        _ = await totals.FinishAsync().NoContext();
        if (run.IsCompletedSuccessfully && totals.Failure is { } ofReceiver)
        {
            ExceptionDispatchInfo.Throw(ofReceiver);
        }

        return run;
    }
}
