using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>A stream that limits the number of bytes and the time of each read, and releases the host's lease at its
/// end.</summary>
internal sealed class LimitedStream(Stream stream, ContentLimits limits) : Stream
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

    /// <summary>Returns bytes that have already arrived without an async method.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken); // Keeps the lease: the content did not fail.
        }

        ValueTask<int> read;
        if (limits.Idle is null)
        {
            read = StartRead(buffer, cancellationToken);
        }
        else
        {
            _buffer = buffer;
            _read ??= token => stream.ReadAsync(_buffer, token); // One object per stream, none per read.
            read = Deadline.RunAsync(_read, limits.Idle, cancellationToken);
        }

        return read.IsCompletedSuccessfully
            ? new(Count(read.Completed(), buffer.Length))
            : WaitAsync(read, buffer.Length);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Reads without a time limit: a synchronous read has no token to cancel.</summary>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Count(stream.Read(buffer), buffer.Length);
        }
        catch (Exception)
        {
            limits.Lease?.Release();
            throw;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // The stream is read-only.
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
            limits.Lease?.Release();
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
                limits.Lease?.Release();
            }
        }

        base.Dispose(disposing);
    }

    private ValueTask<int> StartRead(Memory<byte> buffer, CancellationToken token)
    {
        try
        {
            return stream.ReadAsync(buffer, token);
        }
        catch (Exception)
        {
            limits.Lease?.Release();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> read, int requested)
    {
        int count;
        try
        {
            count = await read.NoContext();
        }
        catch (TimeoutException exception) when (limits.IsIdleTimeout(exception))
        {
            limits.Lease?.Release();
            throw limits.IdleTimeout(exception);
        }
        catch (Exception)
        {
            limits.Lease?.Release();
            throw;
        }

        return Count(count, requested);
    }

    private int Count(int read, int requested)
    {
        _count += read;
        if (_count > limits.MaxBytes)
        {
            limits.Lease?.Release();
            throw limits.TooLong();
        }

        if (read == 0 && requested > 0)
        {
            limits.Lease?.Release();
        }

        return read;
    }
}
