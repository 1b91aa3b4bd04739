namespace AsyncKit.Http;

/// <summary>How far the download of many files is, at one moment.</summary>
/// <param name="TotalFiles">How many there are; null when the source does not tell without being read.</param>
/// <param name="DoneFiles">How many are complete under their names, with those that were kept.</param>
/// <param name="FailedFiles">How many have failed, other than for the cancellation of the run.</param>
/// <param name="ActiveFiles">How many are being downloaded now.</param>
/// <param name="BytesOnDisk">How many bytes of all files begun are on disk, with those of earlier calls. Goes back if a file
/// has to begin anew.</param>
/// <param name="KnownBytes">How many bytes the files begun have together, as far as the servers have said so.</param>
/// <param name="BytesReceived">How many bytes this call has received. Never goes back.</param>
/// <param name="Elapsed">Since the start, by the clock of the options.</param>
public sealed record DownloadAllProgress(
    int? TotalFiles,
    int DoneFiles,
    int FailedFiles,
    int ActiveFiles,
    long BytesOnDisk,
    long KnownBytes,
    long BytesReceived,
    TimeSpan Elapsed);
