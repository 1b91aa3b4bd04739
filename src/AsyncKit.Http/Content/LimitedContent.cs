using System.Net;

namespace AsyncKit.Http;

/// <summary> The content of a response, with the same headers, read through a <see cref="LimitedStream"/>. Invariant:
/// the lease is released once, at the earliest of three events: the content is complete, it fails, or it is
/// disposed.</summary>
internal sealed class LimitedContent : HttpContent
{
    private static Type? _latest;

    private readonly HttpContent _content;
    private readonly ResponseScope _scope;

    private LimitedContent(HttpContent content, in ResponseScope scope)
    {
        (_content, _scope) = (content, scope);
        CopyHeaders(content, this);
    }

    /// <summary>Copies the headers, including invalid ones.</summary>
    public static void CopyHeaders(HttpContent source, HttpContent target)
    {
        foreach (var header in source.Headers.NonValidated)
        {
            _ = header.Value.Count == 1
                ? target.Headers.TryAddWithoutValidation(header.Key, header.Value.ToString()) // Saves objects.
                : target.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    /// <summary>Applies the limits to a response.</summary>
    /// <exception cref="HttpRequestException">The header already announces more bytes than allowed.</exception>
    public static void Apply(HttpResponseMessage response, in ResponseScope scope)
    {
        CheckLength(response, scope);
        response.Content = new LimitedContent(
            response.Content, BodyLength.IsChecked(response) ? scope : scope with { Length = BodyLength.Of(response) });
    }

    /// <summary>Returns true for content of .NET itself, whose stream exists at once. Any other content may produce all
    /// of its bytes while it is opened.</summary>
    public static bool OpensAtOnce(HttpContent content) => DotNetTypes.Contains(Innermost(content).GetType(), ref _latest);

    /// <summary>Returns true for content from a stream of user code.</summary>
    public static bool IsStream(HttpContent content) => Innermost(content) is StreamContent;

    /// <inheritdoc cref="Apply"/>
    public static void CheckLength(HttpResponseMessage response, in ResponseScope scope)
    {
        var length = response.Content.Headers.ContentLength;
        if (length > scope.Limits.MaxBytes)
        {
            throw scope.TooLong();
        }

        if (length is null)
        {
            CheckFraming(response);
        }
    }

    /// <summary>Refuses a response whose Content-Length header is invalid. Without a length, its end could be a connection
    /// that broke.</summary>
    /// <exception cref="HttpRequestException">The header is invalid. Not transient.</exception>
    private static void CheckFraming(HttpResponseMessage response)
    {
        if (response.Headers.TransferEncodingChunked != true
            && response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var values))
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse,
                $"{UriText.Of(response.RequestMessage)}: the Content-Length header '{SafeText.Of(values.ToString())}' is not valid.",
                inner: null,
                response.StatusCode);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var content = new LimitedStream(await OpenAsync(cancellationToken).NoContext(), _scope);
        await content.CopyToAsync(stream, cancellationToken).NoContext();
    }

    protected override void SerializeToStream(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var content = new LimitedStream(Open(cancellationToken), _scope);
        content.CopyTo(stream);
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(default);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new LimitedStream(await OpenAsync(cancellationToken).NoContext(), _scope);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new LimitedStream(Open(cancellationToken), _scope);

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
                _scope.Lease?.Release();
            }
        }

        base.Dispose(disposing);
    }

    private static HttpContent Innermost(HttpContent content) =>
        content is LimitedContent limited ? Innermost(limited._content) : content;

    private ValueTask<Stream> OpenAsync(CancellationToken token)
    {
        return _scope.Limits.HasTotal && !OpensAtOnce(_content) ? InTimeAsync() : new(_content.ReadAsStreamAsync(token));

        async ValueTask<Stream> InTimeAsync()
        {
            var remaining = _scope.Remaining;
            try
            {
                return await _scope.Limits.RunAsync(OpenWithTokenAsync, remaining, token).NoContext();
            }
            catch (TimeoutException exception) when (_scope.Limits.IsLimit(exception, remaining))
            {
                Dispose();
                throw _scope.TimedOut(isIdle: false, exception);
            }
        }
    }

    /// <summary>Gives the content its own token: the deadline reuses its token source, and the content may keep
    /// the token.</summary>
    private async ValueTask<Stream> OpenWithTokenAsync(CancellationToken token)
    {
        using var own = CancellationTokenSource.CreateLinkedTokenSource(token);
        return await _content.ReadAsStreamAsync(own.Token).NoContext();
    }

    private Stream Open(CancellationToken token)
    {
        var remaining = _scope.Remaining;
        if (!Guards.IsFinite(remaining) || OpensAtOnce(_content))
        {
            return _content.ReadAsStream(token);
        }

        if (remaining == TimeSpan.Zero)
        {
            Dispose();
            throw _scope.TimedOut(isIdle: false, cause: null);
        }

        using var limit = new BlockingReadLimit(_scope.Limits.Clock, _content);
        limit.Start(remaining);
        try
        {
            var stream = _content.ReadAsStream(token);
            if (limit.TryStop())
            {
                return stream;
            }
        }
        catch (Exception exception)
        {
            if (limit.TryStop())
            {
                throw;
            }

            Dispose();
            throw _scope.TimedOut(isIdle: false, exception);
        }

        Dispose();
        throw _scope.TimedOut(isIdle: false, cause: null);
    }
}
