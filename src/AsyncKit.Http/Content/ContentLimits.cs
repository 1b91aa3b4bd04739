namespace AsyncKit.Http;

/// <summary>What is watched while the content of a response is read.</summary>
/// <param name="Request">For messages.</param>
/// <param name="MaxBytes">More than that is a failure.</param>
/// <param name="Idle">For each read; null for no limit.</param>
/// <param name="Place">Left when the content has ended or is disposed; null when there is none.</param>
internal sealed record ContentLimits(HttpRequestMessage? Request, long MaxBytes, DeadlineOptions? Idle, HostLease? Place)
{
    public HttpRequestException TooLong() => new(
        HttpRequestError.ConfigurationLimitExceeded,
        $"{UriText.Of(Request)}: the response has more than {MaxBytes:N0} bytes, which is MaxResponseBytes.");

    /// <summary>Whether it is of our limit: a timeout of the stream itself, or of another watch below, passes
    /// unchanged.</summary>
    public bool IsTooSlow(TimeoutException exception) =>
        Idle is not null && (exception.InnerException is OperationCanceledException || Idle.Limit == TimeSpan.Zero);

    public TimeoutException TooSlow(TimeoutException cause) => new(
        $"{UriText.Of(Request)}: no byte of the response arrived within {Idle!.Limit}.", cause);
}
