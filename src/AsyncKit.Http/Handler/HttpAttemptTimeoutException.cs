namespace AsyncKit.Http;

/// <summary>A timeout of an attempt. It is retried even if the options exclude timeouts.</summary>
internal sealed class HttpAttemptTimeoutException(HttpRequestMessage request, TimeSpan limit, TimeoutException cause)
    : TimeoutException($"{UriText.Of(request)}: no response arrived within AttemptTimeout ({TimeText.Of(limit)}).", cause);
