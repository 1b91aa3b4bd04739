using System.Net.Http.Headers;

namespace AsyncKit.Http;

/// <summary>
/// What a redirect changes in the request itself: the address, the method, the content, and the credentials, which it takes
/// away. All of it is put back together before the request is sent again: the credentials with another address would go to a
/// host they are not for.
/// </summary>
internal readonly struct RequestSnapshot(HttpRequestMessage request)
{
    private readonly Uri? _uri = request.RequestUri;
    private readonly HttpMethod _method = request.Method;
    private readonly HttpContent? _content = request.Content;
    private readonly AuthenticationHeaderValue? _authorization = request.Headers.Authorization;
    private readonly bool? _isChunked = request.Headers.TransferEncodingChunked;

    public void Restore(HttpRequestMessage request)
    {
        request.RequestUri = _uri;
        request.Method = _method;
        request.Content = _content;
        request.Headers.Authorization = _authorization;
        request.Headers.TransferEncodingChunked = _isChunked;
    }
}
