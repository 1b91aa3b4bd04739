namespace AsyncKit.Http.Tests;

/// <summary>A body that gives some bytes and then does what it is told to.</summary>
/// <param name="bytes">The first ones.</param>
/// <param name="then">Gives what a read after them gives; -1 for <see cref="Rest"/>.</param>
internal sealed class ScriptedBody(byte[] bytes, Func<CancellationToken, ValueTask<int>> then) : Stream
{
    private int _given;

    public ReadOnlyMemory<byte> Rest { get; set; }

    public bool WasDisposed { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_given < bytes.Length)
        {
            var first = Copy(bytes.AsMemory(_given), buffer);
            _given += first;
            return first;
        }

        var count = await then(cancellationToken);
        if (count >= 0)
        {
            return count;
        }

        var given = Copy(Rest, buffer);
        Rest = Rest[given..];
        return given;
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        WasDisposed = true;
        base.Dispose(disposing);
    }

    private static int Copy(ReadOnlyMemory<byte> from, Memory<byte> to)
    {
        var count = Math.Min(from.Length, to.Length);
        from[..count].CopyTo(to);
        return count;
    }
}
