using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>Downloads files over an <see cref="HttpClient"/>. A file under its name is complete, and an interrupted
/// download resumes.</summary>
public static class Downloads
{
    /// <summary>Downloads a file.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="uri">The address of the file. A relative one requires a base address of the client.</param>
    /// <param name="path">The path of the file. A missing folder is created.</param>
    /// <param name="options">The options of the download; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the download. The partial file stays for a later call.</param>
    /// <returns>A task that completes when the file is complete under its name.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/>, <paramref name="uri"/> or
    /// <paramref name="path"/> is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException"><paramref name="uri"/> is relative and the client has no base address,
    /// <paramref name="path"/> names no file, or the client has a default Range header. Thrown at the call.</exception>
    /// <exception cref="HttpRequestException">The task is faulted with this if no response arrived, or one with a
    /// non-success status code.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the server or all attempts exceeded a
    /// timeout.</exception>
    /// <exception cref="InvalidDataException">The task is faulted with this if the length or the SHA-256 differs from
    /// the expected one.</exception>
    /// <exception cref="IOException">The task is faulted with this if the file exists, is the target of another
    /// download, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The task is faulted with this if the process has no permission to
    /// write the file.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>A file under its name is always complete. The bytes go to a partial file next to it, which ends in
    /// .asynckit. They are flushed to disk before the partial file is renamed in one step.</item>
    /// <item>Only files that the download can prove to be its own are written, renamed or deleted, and none through a
    /// link. The proof is the sidecar, which ends in .asynckit.json and names the partial file and its identity. It
    /// contains a hash of the URL, and only its owner can read it.</item>
    /// <item>An attempt resumes from the bytes on disk, in the same call or in a later one, even after the process was
    /// killed.</item>
    /// <item>Bytes of two versions are never mixed. A request for the rest contains the strong ETag or the date of the
    /// version on disk, and the response must contain it too. Otherwise, the download restarts. A URL with another query
    /// resumes if the strong ETag and the length are the same.</item>
    /// <item>A body that is shorter than its length fails the attempt. If the length or the SHA-256 differs from the
    /// expected one, the bytes are deleted and the download fails with an <see cref="InvalidDataException"/>.</item>
    /// <item>MaxAttempts counts consecutive attempts without new bytes. An attempt that receives new bytes resets the
    /// count.</item>
    /// <item>An attempt fails with a <see cref="TimeoutException"/> if the server sends no bytes for
    /// ReadIdleTimeout.</item>
    /// <item>Failures keep their types; a type that .NET's HTTP and file classes do not throw becomes the inner exception
    /// of an <see cref="IOException"/>. Every message contains the URL, without secrets, and the file, and no control
    /// characters.
    /// <c>exception.Data["AsyncKit.Attempts"]</c> contains the number of attempts.</item>
    /// <item>A cancelled or failed download keeps its partial file if a later call can resume from it. Otherwise it
    /// leaves no file.</item>
    /// <item>Two downloads never write the same file. The second fails with an <see cref="IOException"/> that names the
    /// file. Where file locks have no effect, the first one fails instead.</item>
    /// <item>A progress receiver is never called concurrently, and gets a last snapshot regardless of the
    /// outcome.</item>
    /// <item>Memory does not depend on the size of the file.</item>
    /// </list>
    /// Cost: a pooled buffer of 128 KiB per active download, a few objects per attempt, none per read. Blocking file
    /// system calls run on <see cref="Offload"/>.
    /// <para>
    /// Redirects and decompression stay the responsibility of <see cref="HttpClient"/>. A body that it decompresses is
    /// saved decompressed, and cannot be resumed.
    /// </para>
    /// </remarks>
    /// <example>
    /// <code>
    /// DownloadResult file = await client.DownloadAsync(new Uri("https://example.org/data.zip"), "data.zip");
    /// Console.WriteLine($"{file.Length} bytes, resumed: {file.IsResumed}");
    /// </code>
    /// </example>
    public static Task<DownloadResult> DownloadAsync(
        this HttpClient client,
        Uri uri,
        string path,
        DownloadOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var absolute = DownloadUri.Absolute(uri, client.BaseAddress);
        var full = Path.GetFullPath(path);
        if (Path.EndsInDirectorySeparator(full))
        {
            throw new ArgumentException($"path must name a file, not a folder; it was '{path}'.", nameof(path));
        }

        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<DownloadResult>(cancellationToken)
            : RunAsync();

        Task<DownloadResult> RunAsync()
        {
            var context = new DownloadContext(client, options ?? DownloadOptions.Default);
            return new DownloadRun(
                context, absolute, full, context.Options.ExpectedLength, context.Options.ExpectedSha256)
                .RunAsync(cancellationToken);
        }
    }

    /// <summary>Downloads files into a folder and returns the results in source order. The first failure stops the
    /// run.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="uris">The addresses. Each is a separate file, even if two are equal.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent downloads: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">An address is null, or relative while the client has no base address. Thrown
    /// at the call for an array or a list; otherwise, the task is faulted with this.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>Each file has the guarantees of <see cref="DownloadAsync"/> and may fail with its exceptions. The run has
    /// those of <see cref="FanOut"/>.</item>
    /// <item>A file name is the last segment of the URL, converted to a valid name on every platform. It never leaves
    /// the folder. A name with other characters than ASCII also gets a hash of the URL, as in "ä-3f9a1c20b7d4.pdf".</item>
    /// <item>Two files of a call never share a name: a repeated name gets a number, as in "a (2).pdf".</item>
    /// <item>A file that already exists is a failure by default. With <see cref="ExistingFile.Keep"/>, a program that
    /// runs again downloads only the missing files. Each derived name then contains the hash of the URL, so that the
    /// file of one URL is never kept for another.</item>
    /// <item>A progress receiver is never called concurrently, and gets a last snapshot regardless of the
    /// outcome.</item>
    /// </list>
    /// Cost: that of the downloads, and the name of each file.
    /// </remarks>
    /// <example>
    /// <code>
    /// DownloadResult[] files = await client.DownloadAllAsync(uris, "downloads", maxConcurrency: 8);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task<DownloadResult[]> DownloadAllAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        int maxConcurrency,
        CancellationToken cancellationToken = default) =>
        DownloadAllAsync(client, uris, folder, Limit(maxConcurrency), cancellationToken);

    /// <summary>Downloads files into a folder, with <paramref name="options"/>, and returns the results in source
    /// order.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="uris">The addresses. Each is a separate file, even if two are equal.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="options">The options of the run and of each file.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, or contain an expected length or SHA-256.
    /// Or an address is null, or relative while the client has no base address. Thrown at the call; for a source other
    /// than an array or a list, the task is faulted with this because of an address.</exception>
    /// <exception cref="FanOutException">The task is faulted with this if files failed with
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new DownloadAllOptions
    /// {
    ///     FanOut = new FanOutOptions { MaxConcurrency = 16, OnFailure = FailureMode.RunToEnd },
    ///     Download = new DownloadOptions { OnExisting = ExistingFile.Keep },
    /// };
    /// DownloadResult[] files = await client.DownloadAllAsync(uris, "downloads", options);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task<DownloadResult[]> DownloadAllAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        DownloadAllOptions options,
        CancellationToken cancellationToken = default)
    {
        var run = Run(client, uris, folder, options);
        return run.CompleteAsync(run.Source.FanOutAsync(options.FanOut, run.DownloadAsync, cancellationToken));
    }

    /// <summary>Downloads files into a folder and returns the outcome of each. A failed file does not stop the
    /// others.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="uris">The addresses. Each is a separate file, even if two are equal.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent downloads: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the outcomes in source order. The task does
    /// not fail for a file or a cancellation: the report contains it.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">An address of an array or a list is null, or relative while the client has
    /// no base address. Thrown at the call. For another source, the report contains the failure.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    /// <example>
    /// <code>
    /// var report = await client.DownloadAllReportAsync(uris, "downloads", maxConcurrency: 8);
    /// Console.WriteLine($"{report.SucceededCount} files, {report.FailedCount} failures");
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<Uri, DownloadResult>> DownloadAllReportAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        int maxConcurrency,
        CancellationToken cancellationToken = default) =>
        DownloadAllReportAsync(client, uris, folder, Limit(maxConcurrency), cancellationToken);

    /// <summary>Downloads files into a folder, with <paramref name="options"/>, and returns the outcome of
    /// each.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="uris">The addresses. Each is a separate file, even if two are equal.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="options">The options of the run and of each file. A failure stops the run only if
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.StopAtFirst"/>.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the outcomes in source order. The task does
    /// not fail for a file or a cancellation: the report contains it.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, or contain an expected length or SHA-256.
    /// Or an address of an array or a list is null, or relative while the client has no base address. Thrown at the
    /// call.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<Uri, DownloadResult>> DownloadAllReportAsync(
        this HttpClient client,
        IEnumerable<Uri> uris,
        string folder,
        DownloadAllOptions options,
        CancellationToken cancellationToken = default)
    {
        var run = Run(client, uris, folder, options);
        return run.CompleteAsync(run.Source.FanOutReportAsync(options.FanOut, run.DownloadAsync, cancellationToken));
    }

    /// <summary>Downloads files into a folder and returns the results in source order. Each item may set the name, the
    /// length and the SHA-256 of its file. The first failure stops the run.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="items">The files. Two items must not have the same <see cref="DownloadItem.FileName"/>.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent downloads: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">An item is null, has the name of another one, or has a relative address while
    /// the client has no base address. Thrown at the call for an array or a list; otherwise, the task is faulted with
    /// this.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    /// <example>
    /// <code>
    /// DownloadItem[] items = [new(uri) { FileName = "data.zip", ExpectedSha256 = sha256 }];
    /// DownloadResult[] files = await client.DownloadAllAsync(items, "downloads", maxConcurrency: 8);
    /// </code>
    /// </example>
    public static Task<DownloadResult[]> DownloadAllAsync(
        this HttpClient client,
        IEnumerable<DownloadItem> items,
        string folder,
        int maxConcurrency,
        CancellationToken cancellationToken = default) =>
        DownloadAllAsync(client, items, folder, Limit(maxConcurrency), cancellationToken);

    /// <summary>Downloads files into a folder, with <paramref name="options"/>, and returns the results in source order.
    /// Each item may set the name, the length and the SHA-256 of its file.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="items">The files. Two items must not have the same <see cref="DownloadItem.FileName"/>.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="options">The options of the run and of each file.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, or contain an expected length or SHA-256.
    /// Or an item is null, has the name of another one, or has a relative address while the client has no base address.
    /// Thrown at the call; for a source other than an array or a list, the task is faulted with this because of an
    /// item.</exception>
    /// <exception cref="FanOutException">The task is faulted with this if files failed with
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    public static Task<DownloadResult[]> DownloadAllAsync(
        this HttpClient client,
        IEnumerable<DownloadItem> items,
        string folder,
        DownloadAllOptions options,
        CancellationToken cancellationToken = default)
    {
        var run = Run(client, items, folder, options);
        return run.CompleteAsync(run.Source.FanOutAsync(options.FanOut, run.DownloadAsync, cancellationToken));
    }

    /// <summary>Downloads files into a folder and returns the outcome of each. Each item may set the name, the length and
    /// the SHA-256 of its file. A failed file does not stop the others.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="items">The files. Two items must not have the same <see cref="DownloadItem.FileName"/>.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent downloads: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the outcomes in source order. The task does
    /// not fail for a file or a cancellation: the report contains it.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">An item of an array or a list is null, has the name of another one, or has a
    /// relative address while the client has no base address. Thrown at the call. For another source, the report contains
    /// the failure.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    public static Task<FanOutReport<DownloadItem, DownloadResult>> DownloadAllReportAsync(
        this HttpClient client,
        IEnumerable<DownloadItem> items,
        string folder,
        int maxConcurrency,
        CancellationToken cancellationToken = default) =>
        DownloadAllReportAsync(client, items, folder, Limit(maxConcurrency), cancellationToken);

    /// <summary>Downloads files into a folder, with <paramref name="options"/>, and returns the outcome of each. Each item
    /// may set the name, the length and the SHA-256 of its file.</summary>
    /// <param name="client">The client that sends the requests. Its timeout applies until the headers of a response
    /// arrive.</param>
    /// <param name="items">The files. Two items must not have the same <see cref="DownloadItem.FileName"/>.</param>
    /// <param name="folder">The folder of the files. It is created if it does not exist.</param>
    /// <param name="options">The options of the run and of each file. <see cref="FanOutOptions.OnFailure"/> decides
    /// whether a failure stops the run.</param>
    /// <param name="cancellationToken">Cancels the run. Partial files stay for a later call.</param>
    /// <returns>A task that completes after every started download, with the outcomes in source order. The task does
    /// not fail for a file or a cancellation: the report contains it.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, or contain an expected length or SHA-256.
    /// Or an item of an array or a list is null, has the name of another one, or has a relative address while the client
    /// has no base address. Thrown at the call.</exception>
    /// <inheritdoc cref="DownloadAllAsync(HttpClient, IEnumerable{Uri}, string, int, CancellationToken)"
    /// path="/remarks"/>
    public static Task<FanOutReport<DownloadItem, DownloadResult>> DownloadAllReportAsync(
        this HttpClient client,
        IEnumerable<DownloadItem> items,
        string folder,
        DownloadAllOptions options,
        CancellationToken cancellationToken = default)
    {
        var run = Run(client, items, folder, options);
        return run.CompleteAsync(run.Source.FanOutReportAsync(options.FanOut, run.DownloadAsync, cancellationToken));
    }

    private static DownloadAllRun<Uri> Run(
        HttpClient client, IEnumerable<Uri> uris, string folder, DownloadAllOptions options) =>
        new(client, uris, folder, options, static uri => new DownloadItem(uri), nameof(uris));

    private static DownloadAllRun<DownloadItem> Run(
        HttpClient client, IEnumerable<DownloadItem> items, string folder, DownloadAllOptions options) =>
        new(client, items, folder, options, static item => item, nameof(items));

    private static DownloadAllOptions Limit(int maxConcurrency) => new()
    {
        FanOut = new FanOutOptions { MaxConcurrency = Guards.AtLeast(maxConcurrency, 1) },
    };
}
