namespace AsyncKit.Http;

/// <summary>A response whose content is read under limits.</summary>
/// <param name="Request">The request, for messages.</param>
/// <param name="Limits">The limits.</param>
/// <param name="StartedAt">The start of the request, from <see cref="ContentLimits.Start"/>.</param>
/// <param name="Lease">The lease to release when the content is complete, fails or is disposed; null for none.</param>
internal readonly record struct ResponseScope(
    HttpRequestMessage? Request, ContentLimits Limits, long StartedAt = 0, HostLease? Lease = null)
{
    public TimeSpan Remaining => Limits.Remaining(StartedAt);

    public HttpRequestException TooLong() => Limits.TooLong(Request);

    public TimeoutException TimedOut(bool isIdle, Exception? cause) => Limits.TimedOut(Request, isIdle, cause);
}
