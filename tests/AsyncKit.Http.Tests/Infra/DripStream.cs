namespace AsyncKit.Http.Tests;

/// <summary>A body without an end: a byte per second.</summary>
internal sealed class DripStream(TimeProvider time) : BodyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
        buffer.Span[0] = (byte)' ';
        return 1;
    }
}
