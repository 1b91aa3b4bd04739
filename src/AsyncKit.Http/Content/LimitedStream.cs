using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>Counts the bytes, limits each read, and leaves the place at the end.</summary>
internal sealed class LimitedStream(Stream stream, ContentLimits watch) : Stream
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

    /// <summary>What has arrived already is given without an async method.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken); // Nothing has been read, so nothing has failed.
        }

        ValueTask<int> read;
        if (watch.Idle is null)
        {
            read = BeginRead(buffer, cancellationToken);
        }
        else
        {
            _buffer = buffer;
            _read ??= token => stream.ReadAsync(_buffer, token); // One object a stream, none a read.
            read = Deadline.RunAsync(_read, watch.Idle, cancellationToken);
        }

        return read.IsCompletedSuccessfully
            ? new(Counted(read.Completed(), buffer.Length))
            : WaitAsync(read, buffer.Length);
    }

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

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await stream.DisposeAsync().NoContext();
        }
        finally
        {
            watch.Place?.Leave();
        }

        await base.DisposeAsync().NoContext();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                stream.Dispose();
            }
            finally
            {
                watch.Place?.Leave();
            }
        }

        base.Dispose(disposing);
    }

    private ValueTask<int> BeginRead(Memory<byte> buffer, CancellationToken token)
    {
        try
        {
            return stream.ReadAsync(buffer, token);
        }
        catch (Exception)
        {
            watch.Place?.Leave();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> read, int asked)
    {
        int count;
        try
        {
            count = await read.NoContext();
        }
        catch (TimeoutException exception) when (watch.IsTooSlow(exception))
        {
            watch.Place?.Leave();
            throw watch.TooSlow(exception);
        }
        catch (Exception)
        {
            watch.Place?.Leave();
            throw;
        }

        return Counted(count, asked);
    }

    private int Counted(int read, int asked)
    {
        _count += read;
        if (_count > watch.MaxBytes)
        {
            watch.Place?.Leave();
            throw watch.TooLong();
        }

        if (read == 0 && asked > 0)
        {
            watch.Place?.Leave();
        }

        return read;
    }
}
