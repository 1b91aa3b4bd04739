namespace AsyncKit.Http;

/// <summary>How far the download of a file is, at one moment.</summary>
/// <param name="Uri">Where it comes from.</param>
/// <param name="Path">Where it will be: the full path.</param>
/// <param name="BytesOnDisk">How many of its bytes are on disk, with those of earlier calls. Goes back to zero if it has to
/// begin anew.</param>
/// <param name="TotalBytes">How many it has; null while the server has not said so.</param>
/// <param name="BytesReceived">How many bytes this call has received.</param>
/// <param name="Elapsed">Since the start, by the clock of the options.</param>
public sealed record DownloadProgress(
    Uri Uri,
    string Path,
    long BytesOnDisk,
    long? TotalBytes,
    long BytesReceived,
    TimeSpan Elapsed)
{
    /// <summary>True in the last snapshot of the file, whatever has become of it.</summary>
    public bool IsLast { get; init; }
}
