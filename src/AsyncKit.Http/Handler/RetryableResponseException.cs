namespace AsyncKit.Http;

/// <summary>A response that is to be tried again, as the exception that retries are about. It is given to the caller after
/// all when there is no further attempt.</summary>
internal sealed class RetryableResponseException : HttpRequestException
{
    private readonly HttpResponseMessage _response;

    public RetryableResponseException(HttpResponseMessage response, TimeProvider clock)
        : base(RetryAfter.MessageOf(response), inner: null, response.StatusCode)
    {
        _response = response;
        RetryAfter.Attach(this, response, clock);
    }

    public bool IsDropped { get; private set; }

    /// <summary>No caller will see it: its connection and its place are free for others while the retry waits.</summary>
    public void Drop()
    {
        IsDropped = true;
        _response.Dispose();
    }

    public HttpResponseMessage Take()
    {
        IsDropped = true;
        return _response;
    }
}
