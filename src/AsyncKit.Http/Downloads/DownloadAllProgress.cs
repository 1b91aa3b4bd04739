namespace AsyncKit.Http;

/// <summary>Represents a snapshot of the download of many files.</summary>
/// <param name="TotalFiles">The number of files; null if the source does not report it without being
/// enumerated.</param>
/// <param name="DoneFiles">The number of complete files, including those that were kept.</param>
/// <param name="FailedFiles">The number of failed files, excluding those that the run cancelled.</param>
/// <param name="ActiveFiles">The number of downloads in progress.</param>
/// <param name="BytesOnDisk">The number of bytes on disk of all started files, including those of earlier calls. It
/// decreases if a file restarts.</param>
/// <param name="KnownBytes">The total size of the started files, as far as the servers reported it.</param>
/// <param name="BytesReceived">The number of bytes that this call received. It never decreases.</param>
/// <param name="Elapsed">The time since the start, by the clock of the options.</param>
public sealed record DownloadAllProgress(
    int? TotalFiles,
    int DoneFiles,
    int FailedFiles,
    int ActiveFiles,
    long BytesOnDisk,
    long KnownBytes,
    long BytesReceived,
    TimeSpan Elapsed);
