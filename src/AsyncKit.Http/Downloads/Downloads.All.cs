namespace AsyncKit.Http;

/// <content>Many files at once.</content>
public static partial class Downloads
{
    /// <summary>Downloads files into a folder, at most <paramref name="maxConcurrency"/> at once. The first that fails stops
    /// the run.</summary>
    /// <param name="client">What sends the requests. Its timeout counts until the headers of a response are there.</param>
    /// <param name="uris">Where they come from. Each is a file of its own, also when two are the same.</param>
    /// <param name="folder">Where they go; made if it is missing. A file is called as the last segment of its URL, made a valid
    /// name; a name that is taken already gets a number: "a.pdf", "a (2).pdf".</param>
    /// <param name="maxConcurrency">The most downloads at once: at least 1, <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="cancellationToken">Stops the run; parts stay for a later call.</param>
    /// <returns>What was downloaded, in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1; thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">A URI is null or relative to nothing; for an array or a list thrown at the call,
    /// otherwise from the task.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>See <see cref="Downloads"/> for the guarantees, <see cref="FanOut"/> for those of the run, and
    /// <see cref="DownloadAsync"/> for what a file may fail with. A file that is there already is a failure; with
    /// <see cref="ExistingFile.Keep"/> a program that is started again goes on with the rest. Cost: beside that of the
    /// downloads, the name of each file.</remarks>
    public static Task<DownloadResult[]> DownloadAllAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        int maxConcurrency,
        CancellationToken cancellationToken = default) =>
        DownloadAllAsync(client, uris, folder, Limit(maxConcurrency, FailureMode.StopAtFirst), cancellationToken);

    /// <summary>Downloads files into a folder, as <paramref name="options"/> say.</summary>
    /// <param name="client">What sends the requests. Its timeout counts until the headers of a response are there.</param>
    /// <param name="uris">Where they come from. Each is a file of its own, also when two are the same.</param>
    /// <param name="folder">Where they go; made if it is missing. A file is called as the last segment of its URL, made a valid
    /// name; a name that is taken already gets a number: "a.pdf", "a (2).pdf".</param>
    /// <param name="options">How many at once, how each is downloaded, and who is told.</param>
    /// <param name="cancellationToken">Stops the run; parts stay for a later call.</param>
    /// <returns>What was downloaded, in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options do not go together, or have an expected length or SHA-256; or a URI is
    /// null or relative to nothing: for an array or a list thrown at the call, otherwise from the task.</exception>
    /// <exception cref="FanOutException">From the task: files failed under <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>See <see cref="Downloads"/> for the guarantees, <see cref="FanOut"/> for those of the run, and
    /// <see cref="DownloadAsync"/> for what a file may fail with. Cost: beside that of the downloads, the name of each
    /// file.</remarks>
    public static Task<DownloadResult[]> DownloadAllAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        DownloadAllOptions options,
        CancellationToken cancellationToken = default)
    {
        var run = DownloadAllRun.Prepare(client, uris, folder, options);
        return run.EndAsync(run.Source.FanOutAsync(options.FanOut, run.DownloadAsync, cancellationToken));
    }

    /// <summary>Downloads files into a folder, at most <paramref name="maxConcurrency"/> at once, and reports what became of
    /// each. One that fails stops nothing.</summary>
    /// <param name="client">What sends the requests. Its timeout counts until the headers of a response are there.</param>
    /// <param name="uris">Where they come from. Each is a file of its own, also when two are the same.</param>
    /// <param name="folder">Where they go; made if it is missing. A file is called as the last segment of its URL, made a valid
    /// name; a name that is taken already gets a number: "a.pdf", "a (2).pdf".</param>
    /// <param name="maxConcurrency">The most downloads at once: at least 1, <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="cancellationToken">Stops the run; parts stay for a later call.</param>
    /// <returns>Every outcome, in source order. The task does not fail for a file or a cancellation: that is in the
    /// report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1; thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">A URI of an array or a list is null or relative to nothing; thrown at the call. Of
    /// another source that is in the report.</exception>
    /// <remarks>See <see cref="Downloads"/> for the guarantees, <see cref="FanOut"/> for those of the run, and
    /// <see cref="DownloadAsync"/> for what a file may fail with. Cost: beside that of the downloads, the name of each
    /// file.</remarks>
    public static Task<FanOutReport<Uri, DownloadResult>> DownloadAllReportAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        int maxConcurrency,
        CancellationToken cancellationToken = default) =>
        DownloadAllReportAsync(client, uris, folder, Limit(maxConcurrency, FailureMode.RunToEnd), cancellationToken);

    /// <summary>Downloads files into a folder, as <paramref name="options"/> say, and reports what became of each.</summary>
    /// <param name="client">What sends the requests. Its timeout counts until the headers of a response are there.</param>
    /// <param name="uris">Where they come from. Each is a file of its own, also when two are the same.</param>
    /// <param name="folder">Where they go; made if it is missing. A file is called as the last segment of its URL, made a valid
    /// name; a name that is taken already gets a number: "a.pdf", "a (2).pdf".</param>
    /// <param name="options">How many at once, how each is downloaded, and who is told. Whether a failure stops the run is for
    /// them to say.</param>
    /// <param name="cancellationToken">Stops the run; parts stay for a later call.</param>
    /// <returns>Every outcome, in source order. The task does not fail for a file or a cancellation: that is in the
    /// report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options do not go together, or have an expected length or SHA-256; or a URI of
    /// an array or a list is null or relative to nothing; thrown at the call.</exception>
    /// <remarks>See <see cref="Downloads"/> for the guarantees, <see cref="FanOut"/> for those of the run, and
    /// <see cref="DownloadAsync"/> for what a file may fail with. Cost: beside that of the downloads, the name of each
    /// file.</remarks>
    public static Task<FanOutReport<Uri, DownloadResult>> DownloadAllReportAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        DownloadAllOptions options,
        CancellationToken cancellationToken = default)
    {
        var run = DownloadAllRun.Prepare(client, uris, folder, options);
        return run.EndAsync(run.Source.FanOutReportAsync(options.FanOut, run.DownloadAsync, cancellationToken));
    }

    private static DownloadAllOptions Limit(int maxConcurrency, FailureMode onFailure) => new()
    {
        FanOut = new FanOutOptions { MaxConcurrency = Guards.AtLeast(maxConcurrency, 1), OnFailure = onFailure },
    };
}
