using System.Net;

namespace AsyncKit.Http;

/// <summary>
/// The content of a response, with the same headers, read through a <see cref="LimitedStream"/>. Invariant: the place is left
/// when the content has been read to its end, has failed or is disposed, whatever is first, and once.
/// </summary>
internal sealed class LimitedContent : HttpContent
{
    private readonly HttpContent _content;
    private readonly ContentLimits _watch;

    public LimitedContent(HttpContent content, ContentLimits watch)
    {
        (_content, _watch) = (content, watch);
        foreach (var header in content.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>What is known to be too long need not be read at all.</summary>
    public static void Watch(HttpResponseMessage response, ContentLimits watch)
    {
        if (response.Content.Headers.ContentLength > watch.MaxBytes)
        {
            throw watch.TooLong();
        }

        response.Content = new LimitedContent(response.Content, watch);
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
        new LimitedStream(await _content.ReadAsStreamAsync(cancellationToken).NoContext(), _watch);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new LimitedStream(_content.ReadAsStream(cancellationToken), _watch);

    /// <summary>Unless the header says it, nobody knows.</summary>
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
                _watch.Place?.Leave();
            }
        }

        base.Dispose(disposing);
    }
}
