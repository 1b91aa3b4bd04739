namespace AsyncKit.Http;

/// <summary>Of our own limit: tried again whatever the options say of timeouts.</summary>
internal sealed class HttpAttemptTimeoutException(HttpRequestMessage request, TimeSpan limit, TimeoutException cause)
    : TimeoutException($"{UriText.Of(request)}: no response within {limit}, which is the attempt timeout.", cause);
