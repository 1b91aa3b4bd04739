using System.Net.Http.Headers;

namespace AsyncKit.Http;

/// <summary> The parts of a request that a redirect changes: the address, the method and the content, and the
/// credentials, which it removes. A retry must restore all of them together: credentials with a redirected address
/// would reach the wrong host.</summary>
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
