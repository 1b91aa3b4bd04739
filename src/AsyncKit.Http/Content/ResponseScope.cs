namespace AsyncKit.Http;

/// <summary>A response whose content is read under limits.</summary>
/// <param name="Request">The request, for messages.</param>
/// <param name="Limits">The limits.</param>
/// <param name="StartedAt">The start of the request, from <see cref="ContentLimits.Start"/>.</param>
/// <param name="Lease">The lease to release when the content is complete, fails or is disposed; null for none.</param>
/// <param name="Length">The number of bytes that the content must have, from <see cref="BodyLength"/>; null if it is
/// unknown.</param>
internal readonly record struct ResponseScope(
    HttpRequestMessage? Request, ContentLimits Limits, long StartedAt = 0, HostLease? Lease = null, long? Length = null)
{
    public TimeSpan Remaining => Limits.Remaining(StartedAt);

    public HttpRequestException TooLong() => Limits.TooLong(Request);

    public TimeoutException TimedOut(bool isIdle, Exception? cause) => Limits.TimedOut(Request, isIdle, cause);

    /// <summary>Compares the bytes to the length.</summary>
    /// <param name="count">The number of bytes that were read.</param>
    /// <param name="isComplete">True if there are no more bytes.</param>
    /// <returns>The failure; null if the length is unknown or may still be correct.</returns>
    public HttpIOException? WrongLength(long count, bool isComplete) =>
        count > Length ? BodyLength.TooLong(Request, Length.Value)
        : isComplete && count < Length ? BodyLength.TooShort(Request, count, Length.Value)
        : null;
}
