namespace AsyncKit.Http;

/// <summary>How many files are downloaded. Immutable, checked when set; one object may be shared by any number of
/// calls.</summary>
public sealed record DownloadAllOptions
{
    /// <summary>How many at once, and what else governs the run: such as a limit for each host with
    /// <see cref="FanOutOptions.Partition"/>, or what happens to the rest when a file fails.</summary>
    /// <value>No default; never null. Each file is tried again as <see cref="Download"/> says; a
    /// <see cref="FanOutOptions.Retry"/> here would come on top of it.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required FanOutOptions FanOut
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(FanOut), "FanOut must not be null.");
    }

    /// <summary>How each file is downloaded. Its receiver of progress gets that of every file.</summary>
    /// <value><see cref="DownloadOptions"/> as they are by default; never null. An expected length or SHA-256 is refused:
    /// that is of one file.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public DownloadOptions Download
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Download), "Download must not be null.");
    } = DownloadOptions.Default;

    /// <summary>Gets snapshots of all files together while bytes come, and always one at the end: in order, never two at
    /// once.</summary>
    /// <value>Null by default. Called on the pool; a <see cref="Progress{T}"/> passes it on to where that was made. If it
    /// throws, it is not called again, and the run ends with that error.</value>
    public IProgress<DownloadAllProgress>? Progress { get; init; }
}
