using System.Net;

namespace AsyncKit.Http;

/// <summary> The content of a response, with the same headers, read through a <see cref="LimitedStream"/>. Invariant:
/// the lease is released once, at the earliest of three events: the content is complete, it fails, or it is
/// disposed.</summary>
internal sealed class LimitedContent : HttpContent
{
    private readonly HttpContent _content;
    private readonly ContentLimits _limits;

    public LimitedContent(HttpContent content, ContentLimits limits)
    {
        (_content, _limits) = (content, limits);
        foreach (var header in content.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>Applies the limits to a response.</summary>
    /// <exception cref="HttpRequestException">The header already announces more bytes than allowed.</exception>
    public static void Apply(HttpResponseMessage response, ContentLimits limits)
    {
        if (response.Content.Headers.ContentLength > limits.MaxBytes)
        {
            throw limits.TooLong();
        }

        response.Content = new LimitedContent(response.Content, limits);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var content = await CreateContentReadStreamAsync(cancellationToken).NoContext();
        await content.CopyToAsync(stream, cancellationToken).NoContext();
    }

    protected override void SerializeToStream(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var content = CreateContentReadStream(cancellationToken);
        content.CopyTo(stream);
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(default);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new LimitedStream(await _content.ReadAsStreamAsync(cancellationToken).NoContext(), _limits);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new LimitedStream(_content.ReadAsStream(cancellationToken), _limits);

    /// <summary>Returns false: only the header knows the length.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                _content.Dispose();
            }
            finally
            {
                _limits.Lease?.Release();
            }
        }

        base.Dispose(disposing);
    }
}
