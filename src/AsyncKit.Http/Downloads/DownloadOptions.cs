using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Http;

/// <summary>Represents the options of a download. Immutable, validated when set; may be shared by any number of
/// downloads.</summary>
public sealed record DownloadOptions
{
    /// <summary>The handling of an existing file under the name.</summary>
    /// <value>The default is <see cref="ExistingFile.Fail"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of
    /// <see cref="ExistingFile"/>.</exception>
    public ExistingFile OnExisting
    {
        get;
        init => field = Guards.Defined(value, nameof(OnExisting));
    }

    /// <summary>The expected size of the file in bytes.</summary>
    /// <value>Zero or more. The default is null, which accepts the size that the server reports. A download of many
    /// files requires null.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long? ExpectedLength
    {
        get;
        init => field = Guards.AtLeast(value, 0, nameof(ExpectedLength));
    }

    /// <summary>The expected SHA-256 of the file. It is computed from the file on disk before the file gets its
    /// name.</summary>
    /// <value>64 hexadecimal digits. The default is null, which disables the check. A download of many files requires
    /// null.</value>
    /// <exception cref="ArgumentException">The value is not 64 hexadecimal digits.</exception>
    public string? ExpectedSha256
    {
        get;
        init => field = CheckSha256(value, nameof(ExpectedSha256));
    }

    /// <summary>The maximum size of the file in bytes. A larger file fails the download: before reading if its header
    /// announces the length, otherwise as soon as it exceeds the limit. The bytes are deleted.</summary>
    /// <value>At least 1. The default is <see cref="long.MaxValue"/>, which disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long MaxBytes
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxBytes));
    } = long.MaxValue;

    /// <summary>A callback that sets the headers of each request before it is sent, for example credentials. It may run
    /// on several threads concurrently, and runs again for each attempt. Range, If-Range and Accept-Encoding belong to
    /// the download, which sets them after the callback.</summary>
    /// <value>The default is null. If the callback throws, the attempt fails.</value>
    public Action<HttpRequestMessage>? ConfigureRequest { get; init; }

    /// <summary>The maximum time to wait for more bytes of the body. When it elapses, the attempt fails with a
    /// <see cref="TimeoutException"/>. Until the headers arrive, <see cref="HttpClient.Timeout"/> applies
    /// instead.</summary>
    /// <value>More than zero, up to 49 days. The default is 30 s. <see cref="Timeout.InfiniteTimeSpan"/> disables the
    /// limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ReadIdleTimeout
    {
        get;
        init => field = Guards.TimerLimit(value, nameof(ReadIdleTimeout), TimeSpan.FromTicks(1));
    } = TimeSpan.FromSeconds(30);

    /// <summary>The retries of the download. Each attempt resumes from the bytes on disk.</summary>
    /// <value>Not null. The default is <see cref="RetryOptions"/> with its defaults. Without a
    /// <see cref="RetryOptions.DelayHint"/>, retries honor Retry-After.</value>
    /// <remarks><see cref="RetryOptions.MaxAttempts"/> counts consecutive attempts without new bytes. An attempt that
    /// receives new bytes resets the count and the backoff, so a long download over a bad connection
    /// completes.</remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public RetryOptions Retry
    {
        get;
        init => field = Guards.NotNull(value, nameof(Retry));
    } = new();

    /// <summary>The receiver of snapshots. It gets one at each interval while bytes arrive, and always one at the end,
    /// in order and never concurrently, even if several files share it.</summary>
    /// <value>The default is null. The receiver is called on the thread pool; a <see cref="Progress{T}"/> posts to the
    /// context on which it was created. If the receiver throws, it is not called again, and the download fails with
    /// that exception.</value>
    public IProgress<DownloadProgress>? Progress { get; init; }

    /// <summary>The interval between snapshots of one file, and of all files together. A snapshot that is due during
    /// another report is skipped.</summary>
    /// <value>From 1 ms to 49 days. The default is 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ProgressInterval
    {
        get;
        init => field = Guards.InRange(
            value, TimeSpan.FromMilliseconds(1), Guards.MaxTimeout, nameof(ProgressInterval));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The logger. A failed attempt and a restart are logged at level Information, a resumed download at level
    /// Debug.</summary>
    /// <value>The default is null, which disables logging.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock of the timeout and the snapshots, and of the retries unless <see cref="Retry"/> sets its own.
    /// </summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    internal static DownloadOptions Default { get; } = new();

    internal static string? CheckSha256(string? value, string name) =>
        value is null || (value.Length == SHA256.HashSizeInBytes * 2 && value.All(char.IsAsciiHexDigit))
            ? value
            : throw new ArgumentException(
                $"{name} must be 64 hexadecimal digits, or null for no check; it was '{value}'.", name);
}
