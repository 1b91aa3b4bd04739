using System.Net;

namespace AsyncKit.Http;

/// <summary>Request content that is serialized once. Later attempts send the recorded bytes.</summary>
/// <remarks>
/// Lifetime: one call, which replaces the caller's content with it and restores that at the end.
/// <para>
/// Content that is serialized without a wait is recorded before the first byte is sent. So a connection that breaks in
/// the middle does not prevent a retry. Content that waits, for example for an async sequence, is sent as it is produced.
/// </para>
/// Invariants:
/// (1) The caller's content is serialized again only after it exceeded <see cref="MaxBytes"/>, and then
/// <see cref="IsRepeatable"/> is false, so no attempt follows.
/// (2) A recording is replayed only if it is complete.
/// (3) Within an attempt, a redirect may ask for content again that is too long to record. The caller's content is then
/// serialized again, and the request fails before its end if the bytes are not the same.
/// </remarks>
internal sealed class ReplayedContent : HttpContent
{
    /// <summary>The longest content that is recorded.</summary>
    public const int MaxBytes = 1024 * 1024;

    private readonly RecordingStream _recording = new(MaxBytes);
    private volatile State _state;
    private byte[]? _sent; // The hash of content that was sent completely, but is too long to record.

    public ReplayedContent(HttpContent content)
    {
        Content = content;
        LimitedContent.CopyHeaders(content, this);
    }

    private enum State
    {
        New,
        Sending,
        Complete,
        Spent,
    }

    /// <summary>The content of the caller.</summary>
    public HttpContent Content { get; }

    /// <summary>True if the next attempt sends the same bytes: no byte was produced yet, or all of them are
    /// recorded.</summary>
    public bool IsRepeatable => _state is State.New or State.Complete;

    /// <summary>Replaces the content of a request that may be retried, if its bytes must be recorded.</summary>
    /// <returns>The new content; null if the content was not replaced.</returns>
    public static ReplayedContent? Replace(HttpRequestMessage request, bool mayRetry)
    {
        if (!mayRetry || RepeatableContent.IsInMemory(request.Content))
        {
            return null;
        }

        var replayed = new ReplayedContent(request.Content!);
        request.Content = replayed;
        return replayed;
    }

    /// <summary>Gives the caller's content back to its request. A redirect may have removed it.</summary>
    public void Restore(HttpRequestMessage request)
    {
        try
        {
            request.Content = ReferenceEquals(request.Content, this) ? Content : request.Content;
        }
        catch (ObjectDisposedException)
        {
            // The caller disposed the request, and its content with it.
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (!TryStart())
        {
            await (_state == State.Complete
                ? stream.WriteAsync(_recording.Bytes, cancellationToken).AsTask()
                : SendAgainAsync(stream, context, cancellationToken)).NoContext();
            return;
        }

        try
        {
            _recording.Target = stream;
            var copying = Content.CopyToAsync(_recording, context, cancellationToken);
            if (!copying.IsCompleted)
            {
                _recording.StartForwarding(cancellationToken);
            }

            await copying.NoContext();
            OnCopied();
            await _recording.FinishAsync(cancellationToken).NoContext();
        }
        finally
        {
            await _recording.SettleAsync().NoContext(); // No write may be pending when the caller continues.
            OnSent();
        }
    }

    protected override void SerializeToStream(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (!TryStart())
        {
            if (_state == State.Complete)
            {
                stream.Write(_recording.Bytes.Span);
            }
            else
            {
                SendAgain(stream, context, cancellationToken);
            }

            return;
        }

        try
        {
            _recording.Target = stream;
            Content.CopyTo(_recording, context, cancellationToken);
            OnCopied();
            _recording.Finish();
        }
        finally
        {
            OnSent();
        }
    }

    /// <summary>Returns the length that the caller's content announces.</summary>
    protected override bool TryComputeLength(out long length)
    {
        var known = Content.Headers.ContentLength;
        length = known ?? 0;
        return known is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Content.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryStart() =>
        Interlocked.CompareExchange(ref _state, State.Sending, State.New) == State.New;

    private async Task SendAgainAsync(Stream stream, TransportContext? context, CancellationToken token)
    {
        using var again = StartAgain(stream);
        await Content.CopyToAsync(again, context, token).NoContext();
        CheckSame(again);
    }

    private void SendAgain(Stream stream, TransportContext? context, CancellationToken token)
    {
        using var again = StartAgain(stream);
        Content.CopyTo(again, context, token);
        CheckSame(again);
    }

    /// <exception cref="IOException">The content was not sent completely.</exception>
    private RecordingStream StartAgain(Stream stream) =>
        _sent is null ? throw NotSame() : new RecordingStream(maxBytes: 0) { Target = stream };

    /// <exception cref="IOException">The bytes are not those of the first time.</exception>
    private void CheckSame(RecordingStream again)
    {
        if (!again.TakeHash().AsSpan().SequenceEqual(_sent))
        {
            throw NotSame();
        }
    }

    private static IOException NotSame() => new(
        "The content was sent once, and is not the same bytes again. A redirect or an authentication asked for it again.");

    private void OnCopied()
    {
        _sent = _recording.TakeHash();
        _state = _recording.IsComplete ? State.Complete : State.Spent;
    }

    private void OnSent()
    {
        _recording.Target = null;
        if (_state == State.Sending)
        {
            _state = State.Spent;
        }
    }
}
