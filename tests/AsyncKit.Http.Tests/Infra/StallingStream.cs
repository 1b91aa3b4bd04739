namespace AsyncKit.Http.Tests;

/// <summary>Returns its bytes at the first read, then stalls forever.</summary>
internal sealed class StallingStream(byte[] bytes, TimeProvider time) : MemoryStream(bytes)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position == Length)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        }

        return Read(buffer.Span);
    }
}
