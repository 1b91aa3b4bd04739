namespace AsyncKit.Http;

/// <summary>Represents a file of a download of many files. Immutable, validated when set.</summary>
/// <param name="Uri">The address of the file. A relative one requires a base address of the client.</param>
/// <example>
/// <code>
/// DownloadItem[] items = [new(new Uri("https://example.org/v2/data.zip")) { FileName = "data-v2.zip", ExpectedLength = 1_000 }];
/// DownloadResult[] files = await client.DownloadAllAsync(items, "downloads", maxConcurrency: 8);
/// </code>
/// </example>
/// <exception cref="ArgumentNullException"><paramref name="Uri"/> is null.</exception>
public sealed record DownloadItem(Uri Uri)
{
    /// <summary>The address of the file.</summary>
    /// <value>Not null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public Uri Uri
    {
        get;
        init => field = Guards.NotNull(value, nameof(Uri));
    } = Guards.NotNull(Uri);

    /// <summary>The name of the file in the folder. Two items of a call must not have the same one.</summary>
    /// <value>A name that is valid on every platform, without a folder. The default is null, which derives the name from
    /// the address.</value>
    /// <exception cref="ArgumentException">The value is not such a name.</exception>
    public string? FileName
    {
        get;
        init => field = value is null || string.Equals(DownloadFileName.Clean(value), value, StringComparison.Ordinal)
            ? value
            : throw new ArgumentException(
                "FileName must be a file name that is valid on every platform, such as "
                + $"'{DownloadFileName.Clean(value)}'; it was '{SafeText.Of(value)}'.",
                nameof(FileName));
    }

    /// <inheritdoc cref="DownloadOptions.ExpectedSha256" path="/summary|/exception"/>
    /// <value>64 hexadecimal digits. The default is null, which disables the check.</value>
    public string? ExpectedSha256
    {
        get;
        init => field = DownloadOptions.CheckSha256(value, nameof(ExpectedSha256));
    }

    /// <inheritdoc cref="DownloadOptions.ExpectedLength" path="/summary|/exception"/>
    /// <value>Zero or more. The default is null, which accepts the size that the server reports.</value>
    public long? ExpectedLength
    {
        get;
        init => field = Guards.AtLeast(value, 0, nameof(ExpectedLength));
    }
}
