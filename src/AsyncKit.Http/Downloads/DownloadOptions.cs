using Microsoft.Extensions.Logging;

namespace AsyncKit.Http;

/// <summary>How a file is downloaded. Immutable, checked when set; one object may be shared by any number of
/// downloads.</summary>
public sealed record DownloadOptions
{
    private static readonly RetryOptions DefaultRetry = new() { DelayHint = RetryAfter.Of }; // Needs no copy.

    /// <summary>What happens when there is a file under the name already.</summary>
    /// <value><see cref="ExistingFile.Fail"/> by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public ExistingFile OnExisting
    {
        get;
        init => field = Guards.Defined(value, nameof(OnExisting));
    }

    /// <summary>How many bytes the file must have.</summary>
    /// <value>Zero or more; null by default: what the server says. Refused by downloads of many files.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long? ExpectedLength
    {
        get;
        init => field = Guards.AtLeast(value, 0, nameof(ExpectedLength));
    }

    /// <summary>The SHA-256 of the file. It is computed while the bytes come; those that an earlier call has left on disk are
    /// read again.</summary>
    /// <value>64 hexadecimal digits; null by default: not checked. Refused by downloads of many files.</value>
    /// <exception cref="ArgumentException">The value is something else.</exception>
    public string? ExpectedSha256
    {
        get;
        init => field = value is null || (value.Length == 64 && value.All(char.IsAsciiHexDigit))
            ? value
            : throw new ArgumentException(
                $"ExpectedSha256 must be 64 hexadecimal digits, or null for no check; it is '{value}'.", nameof(ExpectedSha256));
    }

    /// <summary>How long the next bytes of a body may take. Then the attempt has failed with a
    /// <see cref="TimeoutException"/>. Until the headers are there, HttpClient's own timeout counts.</summary>
    /// <value>More than zero, up to 49 days; 30 s by default. <see cref="Timeout.InfiniteTimeSpan"/> means none.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ReadIdleTimeout
    {
        get;
        init => field = Guards.TimerLimit(value, nameof(ReadIdleTimeout), TimeSpan.FromTicks(1));
    } = TimeSpan.FromSeconds(30);

    /// <summary>When and how often the download is tried again; it goes on from the bytes on disk.
    /// <see cref="RetryOptions.MaxAttempts"/> counts attempts in a row: one that brings new bytes is the first of a new
    /// row, and the waits begin anew with it. So a long download over a bad line ends.</summary>
    /// <value><see cref="RetryOptions"/> as they are by default; never null. Without a <see cref="RetryOptions.DelayHint"/>
    /// it waits as long as Retry-After asks.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public RetryOptions Retry
    {
        get;
        init => field = Guards.NotNull(value, nameof(Retry));
    } = DefaultRetry;

    /// <summary>Gets snapshots while bytes come, and always one at the end: in order, never two at once, also where one
    /// receiver is that of many files.</summary>
    /// <value>Null by default. Called on the pool; a <see cref="Progress{T}"/> passes it on to where that was made. If it
    /// throws, it is not called again, and the download ends with that error.</value>
    public IProgress<DownloadProgress>? Progress { get; init; }

    /// <summary>How often a receiver gets a snapshot, of each file or of all together. One that comes during another is left
    /// out.</summary>
    /// <value>From 1 ms to 49 days; 100 ms by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ProgressInterval
    {
        get;
        init => field = Guards.InRange(
            value, TimeSpan.FromMilliseconds(1), Guards.MaxTimeout, nameof(ProgressInterval));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets what became of each attempt: at the level Debug that one goes on from bytes on disk, at Information
    /// that one has failed or that a download begins anew.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock of the timeout, the snapshots, and the waits if <see cref="Retry"/> has none of its own.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    internal static DownloadOptions Default { get; } = new();
}
