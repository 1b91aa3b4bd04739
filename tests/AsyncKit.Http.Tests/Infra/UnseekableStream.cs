namespace AsyncKit.Http.Tests;

/// <summary>A stream of unknown length.</summary>
internal class UnseekableStream(byte[] bytes) : MemoryStream(bytes)
{
    public override bool CanSeek => false;
}
