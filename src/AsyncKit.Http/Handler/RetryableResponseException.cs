namespace AsyncKit.Http;

/// <summary>Represents a response that should be retried, as the exception that <see cref="Retry"/> handles. After the
/// last attempt, the caller receives the response.</summary>
internal sealed class RetryableResponseException : HttpRequestException
{
    private readonly HttpResponseMessage _response;

    public RetryableResponseException(HttpResponseMessage response, TimeProvider clock)
        : base(RetryAfter.MessageOf(response), inner: null, response.StatusCode)
    {
        _response = response;
        RetryAfter.Attach(this, response, clock);
    }

    /// <summary>True after <see cref="Drop"/> or <see cref="Take"/>.</summary>
    public bool IsConsumed { get; private set; }

    /// <summary>Disposes the response before a retry waits, so that others can use its connection and its
    /// permit.</summary>
    public void Drop()
    {
        IsConsumed = true;
        _response.Dispose();
    }

    /// <summary>Returns the response, for the caller.</summary>
    public HttpResponseMessage Take()
    {
        IsConsumed = true;
        return _response;
    }
}
