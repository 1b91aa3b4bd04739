namespace AsyncKit.Http;

/// <summary>Counts the bytes, limits each read, and leaves the place at the end.</summary>
internal sealed class WatchedStream(Stream stream, ContentWatch watch) : Stream
{
    private Func<CancellationToken, ValueTask<int>>? _read;
    private Memory<byte> _buffer;
    private long _count;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        watch.Idle is null
            ? CountedAsync(stream.ReadAsync(buffer, cancellationToken), buffer.Length)
            : LimitedAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>A synchronous read has no token, so it has no limit either.</summary>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Counted(stream.Read(buffer), buffer.Length);
        }
        catch (Exception)
        {
            watch.Place?.Leave();
            throw;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync().Cfg();
        watch.Place?.Leave();
        await base.DisposeAsync().Cfg();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
            watch.Place?.Leave();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> LimitedAsync(Memory<byte> buffer, CancellationToken token)
    {
        _buffer = buffer;
        _read ??= token => stream.ReadAsync(_buffer, token); // One object a stream, none a read.
        try
        {
            return await CountedAsync(Deadline.RunAsync(_read, watch.Idle!, token), buffer.Length).Cfg();
        }
        catch (TimeoutException exception)
        {
            throw watch.TooSlow(exception);
        }
    }

    private async ValueTask<int> CountedAsync(ValueTask<int> read, int asked)
    {
        try
        {
            return Counted(await read.Cfg(), asked);
        }
        catch (Exception)
        {
            watch.Place?.Leave();
            throw;
        }
    }

    private int Counted(int read, int asked)
    {
        _count += read;
        if (_count > watch.MaxBytes)
        {
            throw watch.TooLong();
        }

        if (read == 0 && asked > 0)
        {
            watch.Place?.Leave();
        }

        return read;
    }
}
