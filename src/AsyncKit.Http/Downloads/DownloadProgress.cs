namespace AsyncKit.Http;

/// <summary>Represents a snapshot of the download of a file.</summary>
/// <param name="Uri">The address of the file.</param>
/// <param name="Path">The full path of the file when it is complete.</param>
/// <param name="BytesOnDisk">The number of bytes on disk, including those of earlier calls. It returns to zero if the
/// download restarts.</param>
/// <param name="TotalBytes">The size of the file; null until the server reports it.</param>
/// <param name="BytesReceived">The number of bytes that this call received.</param>
/// <param name="Elapsed">The time since the start, by the clock of the options.</param>
public sealed record DownloadProgress(
    Uri Uri,
    string Path,
    long BytesOnDisk,
    long? TotalBytes,
    long BytesReceived,
    TimeSpan Elapsed)
{
    /// <summary>True in the last snapshot of the file, regardless of the outcome.</summary>
    public bool IsLast { get; init; }
}
