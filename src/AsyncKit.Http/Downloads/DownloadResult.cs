namespace AsyncKit.Http;

/// <summary>A file that is complete under its name.</summary>
/// <param name="Uri">Where it came from.</param>
/// <param name="Path">Where it is: the full path.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="BytesReceived">How many bytes this call has received for it. Above <paramref name="Length"/> if it had to
/// begin anew.</param>
/// <param name="ResumedFrom">How many of its bytes an earlier call had left on disk; zero if it began at the start.</param>
/// <param name="Attempts">How many attempts this call has made; zero if the file was kept.</param>
/// <param name="Elapsed">How long this call took, by the clock of the options.</param>
public sealed record DownloadResult(
    Uri Uri,
    string Path,
    long Length,
    long BytesReceived,
    long ResumedFrom,
    int Attempts,
    TimeSpan Elapsed)
{
    /// <summary>Whether it went on from bytes that an earlier call had left on disk.</summary>
    public bool IsResumed => ResumedFrom > 0;

    /// <summary>Whether the file was there already and <see cref="ExistingFile.Keep"/> has kept it.</summary>
    public bool IsKept => Attempts == 0;
}
