using System.Collections.Immutable;
using System.Runtime.ExceptionServices;

namespace AsyncKit.Http;

/// <summary>The state that the downloads of a call share: their file names and their common progress. The run itself is
/// a fan-out over the items of the caller, so that a partition can use the host.</summary>
internal sealed class DownloadAllRun<T>
    where T : class
{
    private readonly DownloadContext _context;
    private readonly DownloadNames _names;
    private readonly DownloadTotals? _totals;
    private readonly Func<T, DownloadItem> _itemOf;
    private readonly string _parameter;

    /// <param name="client">The client.</param>
    /// <param name="items">The source.</param>
    /// <param name="folder">The folder of the files.</param>
    /// <param name="options">The options.</param>
    /// <param name="itemOf">Returns the description of an item that is not null.</param>
    /// <param name="parameter">The name of the parameter for <paramref name="items"/>.</param>
    public DownloadAllRun(
        HttpClient client,
        IEnumerable<T> items,
        string folder,
        DownloadAllOptions options,
        Func<T, DownloadItem> itemOf,
        string parameter)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(items, parameter);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Download is not { ExpectedLength: null, ExpectedSha256: null })
        {
            throw new ArgumentException(
                "Download.ExpectedLength and ExpectedSha256 must be null for many files; set them on each DownloadItem.",
                nameof(options));
        }

        (_itemOf, _parameter) = (itemOf, parameter);
        var isKept = options.Download.OnExisting == ExistingFile.Keep;
        _names = new DownloadNames(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), isKept);
        _totals = options.Progress is null
            ? null
            : new DownloadTotals(
                options.Progress,
                options.Download.ProgressInterval,
                AsyncEnvironment.Clock(options.Download.TimeProvider),
                items is T[] or List<T> or ImmutableArray<T> ? items.Count() : null);
        _context = new DownloadContext(client, options.Download, _totals);
        Source = items is T[] or List<T> or ImmutableArray<T>
            ? items.Select(Add).ToArray() // An array, so that the run knows the number of files.
            : items.Select(Add);
    }

    /// <summary>The items. Pulling one assigns its file name.</summary>
    public IEnumerable<T> Source { get; }

    public async Task<DownloadResult> DownloadAsync(T item, CancellationToken cancellationToken)
    {
        _totals?.OnStarted();
        var kind = FanOutOutcomeKind.Failed;
        var path = _names.Take(item);
        try
        {
            var file = _itemOf(item);
            var uri = DownloadUri.Absolute(file.Uri, _context.Client.BaseAddress);
            var download = new DownloadRun(_context, uri, path, file.ExpectedLength, file.ExpectedSha256);
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
            if (kind != FanOutOutcomeKind.Succeeded)
            {
                _names.Return(item, path);
            }

            _totals?.OnCompleted(kind);
        }
    }

    /// <summary>Waits for the run, then reports the last snapshot of all files.</summary>
    /// <returns>A task with the result of the run. It is faulted with the exception of the progress receiver if the run
    /// itself succeeded.</returns>
    public Task<TResult> CompleteAsync<TResult>(Task<TResult> run) =>
        _totals is null ? run : ReportLastAsync(_totals, run).Unwrap();

    private T Add(T? item)
    {
        if (item is null)
        {
            throw new ArgumentException($"{_parameter} must not contain null.", _parameter);
        }

        var file = _itemOf(item);
        var uri = DownloadUri.Absolute(file.Uri, _context.Client.BaseAddress, _parameter);
        _names.Add(item, uri, file.FileName, _parameter);
        return item;
    }

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
