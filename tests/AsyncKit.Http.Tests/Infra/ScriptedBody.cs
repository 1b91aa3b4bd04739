namespace AsyncKit.Http.Tests;

/// <summary>A body that returns some bytes and then follows a script.</summary>
/// <param name="bytes">The first bytes.</param>
/// <param name="then">The result of a later read; -1 to read from <see cref="Rest"/>.</param>
internal sealed class ScriptedBody(byte[] bytes, Func<CancellationToken, ValueTask<int>> then) : BodyStream
{
    private int _position;

    public ReadOnlyMemory<byte> Rest { get; set; }

    public bool WasDisposed { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position < bytes.Length)
        {
            var first = Copy(bytes.AsMemory(_position), buffer);
            _position += first;
            return first;
        }

        var count = await then(cancellationToken);
        if (count >= 0)
        {
            return count;
        }

        var read = Copy(Rest, buffer);
        Rest = Rest[read..];
        return read;
    }

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
