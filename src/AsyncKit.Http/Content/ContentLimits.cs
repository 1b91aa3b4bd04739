namespace AsyncKit.Http;

/// <summary>The limits that apply while the content of a response is read.</summary>
/// <param name="Request">The request, for messages.</param>
/// <param name="MaxBytes">The maximum number of bytes. A longer response is a failure.</param>
/// <param name="Idle">The limit of each asynchronous read; null for no limit.</param>
/// <param name="Lease">The lease to release when the content is complete, fails or is disposed; null for none.</param>
internal sealed record ContentLimits(
    HttpRequestMessage? Request, long MaxBytes, DeadlineOptions? Idle, HostLease? Lease)
{
    public HttpRequestException TooLong() => new(
        HttpRequestError.ConfigurationLimitExceeded,
        $"{UriText.Of(Request)}: the response is longer than MaxResponseBytes ({MaxBytes:N0} bytes).");

    /// <summary>Returns true if the exception comes from <see cref="Idle"/>. A timeout of the stream itself, or of
    /// another handler below, passes unchanged.</summary>
    public bool IsIdleTimeout(TimeoutException exception) =>
        Idle is not null && (exception.InnerException is OperationCanceledException || Idle.Limit == TimeSpan.Zero);

    public TimeoutException IdleTimeout(TimeoutException cause) => new(
        $"{UriText.Of(Request)}: no bytes of the response arrived within ReadIdleTimeout ({Idle!.Limit}).", cause);
}
