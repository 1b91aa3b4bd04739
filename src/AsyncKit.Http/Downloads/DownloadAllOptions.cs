using System.Diagnostics.CodeAnalysis;

namespace AsyncKit.Http;

/// <summary>Represents the options of a download of many files. Immutable, validated when set; may be shared by any
/// number of calls.</summary>
public sealed record DownloadAllOptions
{
    /// <summary>Creates options whose properties have their defaults.</summary>
    public DownloadAllOptions()
    {
    }

    /// <summary>Creates options with a limit.</summary>
    /// <param name="maxConcurrency">The maximum number of concurrent downloads. At least 1; <see cref="int.MaxValue"/> for
    /// no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    [SetsRequiredMembers]
    public DownloadAllOptions(int maxConcurrency) => FanOut = new FanOutOptions(maxConcurrency);

    /// <summary>The options of the run, for example the concurrency, a limit per host with
    /// <see cref="FanOutOptions.Partition"/>, or the failure mode.</summary>
    /// <value>Required; not null. <see cref="Download"/> already retries each file; a <see cref="FanOutOptions.Retry"/>
    /// multiplies its attempts.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required FanOutOptions FanOut
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(FanOut), "FanOut must not be null.");
    }

    /// <summary>The options of each file. Its progress receiver gets the snapshots of every file.</summary>
    /// <value>Not null. The default is <see cref="DownloadOptions"/> with its defaults. The expected length and the
    /// expected SHA-256 must be null, because they belong to one file.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public DownloadOptions Download
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Download), "Download must not be null.");
    } = DownloadOptions.Default;

    /// <summary>The receiver of snapshots of all files together. It gets one at each interval while bytes arrive, and
    /// always one at the end, in order and never concurrently.</summary>
    /// <value>The default is null. The receiver is called on the thread pool; a <see cref="Progress{T}"/> posts to the
    /// context on which it was created. If the receiver throws, it is not called again, and the run fails with that
    /// exception.</value>
    public IProgress<DownloadAllProgress>? Progress { get; init; }
}
