namespace AsyncKit.Http;

/// <summary>Represents a downloaded file, complete under its name.</summary>
/// <param name="Uri">The address of the file.</param>
/// <param name="Path">The full path of the file.</param>
/// <param name="Length">The size of the file in bytes.</param>
/// <param name="BytesReceived">The number of bytes that this call received. It exceeds <paramref name="Length"/> if the
/// download restarted.</param>
/// <param name="ResumedFrom">The number of bytes that an earlier call left on disk; zero if the download started from
/// the beginning.</param>
/// <param name="Attempts">The number of attempts of this call; zero if an existing file was kept.</param>
/// <param name="Elapsed">The duration of this call, by the clock of the options.</param>
public sealed record DownloadResult(
    Uri Uri,
    string Path,
    long Length,
    long BytesReceived,
    long ResumedFrom,
    int Attempts,
    TimeSpan Elapsed)
{
    /// <summary>True if this call resumed from bytes that an earlier call left on disk.</summary>
    public bool IsResumed => ResumedFrom > 0;

    /// <summary>True if the file already existed and <see cref="ExistingFile.Keep"/> kept it.</summary>
    public bool IsKept => Attempts == 0;
}
