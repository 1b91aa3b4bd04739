namespace AsyncKit.Http.Tests;

/// <summary>Content of user code that produces all of its bytes while it is opened.</summary>
internal sealed class OpeningContent(Func<CancellationToken, Task> open, Action? block = null) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, default);

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken) => open(cancellationToken);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        await open(cancellationToken);
        return new MemoryStream();
    }

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
    {
        block!();
        return new MemoryStream();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
