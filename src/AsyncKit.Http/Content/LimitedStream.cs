using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>A stream that limits the number of bytes, the time of each read and the time of the whole request, checks the
/// length, and releases the host's lease at its end.</summary>
internal sealed class LimitedStream(Stream stream, in ResponseScope scope) : Stream
{
    private static Type? _latest;

    private readonly ResponseScope _scope = scope;
    private Func<CancellationToken, ValueTask<int>>? _read;
    private BlockingReadLimit? _blocking;
    private TimeoutException? _timeout;
    private Memory<byte> _buffer;
    private long _count;
    private bool _mayWait = !StartsAtOnce(stream); // True after a read that did not complete at once.
    private bool _isComplete;

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

        if (_timeout is not null)
        {
            return ValueTask.FromException<int>(TimedOutBefore());
        }

        var limits = _scope.Limits;
        if (_isComplete || !limits.HasTime)
        {
            var unlimited = StartRead(buffer, cancellationToken);
            return unlimited.IsCompletedSuccessfully
                ? new(Count(unlimited.Completed(), buffer.Length))
                : WaitAsync(unlimited, buffer.Length, isIdle: false, Timeout.InfiniteTimeSpan);
        }

        var remaining = _scope.Remaining;
        return _mayWait || remaining == TimeSpan.Zero || limits.Idle?.Limit == TimeSpan.Zero
            ? ReadInTimeAsync(buffer, remaining, cancellationToken)
            : TryReadAsync(buffer, remaining, cancellationToken);
    }

    /// <summary>Starts a read of bytes that have probably arrived. The limits apply only if it must wait.</summary>
    private ValueTask<int> TryReadAsync(Memory<byte> buffer, TimeSpan remaining, CancellationToken token)
    {
        var source = ReadTokenSource.Rent();
        ValueTask<int> read;
        try
        {
            read = stream.ReadAsync(buffer, source.Token);
        }
        catch (Exception exception)
        {
            read = ValueTask.FromException<int>(exception);
        }

        if (!read.IsCompletedSuccessfully)
        {
            return WaitInTimeAsync(read, source, buffer.Length, remaining, token);
        }

        source.Return();
        return new(Count(read.Completed(), buffer.Length));
    }

    private ValueTask<int> WaitInTimeAsync(
        ValueTask<int> read, ReadTokenSource source, int requested, TimeSpan remaining, CancellationToken token)
    {
        _mayWait = true;
        var isAwaited = false;
        var inTime = ReadInTimeAsync(
            limited =>
            {
                isAwaited = true;
                return source.AwaitAsync(read, limited);
            },
            requested,
            remaining,
            token);
        return isAwaited
            ? inTime
            : WaitAsync(source.AwaitAsync(read, token), requested, isIdle: false, remaining); // The caller just cancelled.
    }

    private ValueTask<int> ReadInTimeAsync(Memory<byte> buffer, TimeSpan remaining, CancellationToken token)
    {
        _buffer = buffer;
        _read ??= token => stream.ReadAsync(_buffer, token); // One object per stream, none per read.
        return ReadInTimeAsync(_read, buffer.Length, remaining, token);
    }

    private ValueTask<int> ReadInTimeAsync(
        Func<CancellationToken, ValueTask<int>> readAsync, int requested, TimeSpan remaining, CancellationToken token)
    {
        var limits = _scope.Limits;
        var isIdle = limits.IsIdleFirst(remaining);
        var read = isIdle
            ? Deadline.RunAsync(readAsync, limits.Idle!, token)
            : limits.RunAsync(readAsync, remaining, token);
        return read.IsCompletedSuccessfully
            ? new(Count(read.Completed(), requested))
            : WaitAsync(read, requested, isIdle, isIdle ? limits.Idle!.Limit : remaining);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Count(_scope.Limits.HasTime && !_isComplete ? ReadInTime(buffer) : stream.Read(buffer), buffer.Length);
        }
        catch (Exception exception)
        {
            _scope.Lease?.Release();
            if (SafeFailure.Of(exception) is { } safe)
            {
                throw safe;
            }

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
            _scope.Lease?.Release();
        }

        _blocking?.Dispose();
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
                _scope.Lease?.Release();
                _blocking?.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>Returns true for a stream of a connection, whose ReadAsync returns before it waits. Another stream may
    /// block the thread until its token is cancelled.</summary>
    private static bool StartsAtOnce(Stream stream) =>
        stream is LimitedStream || DotNetTypes.Contains(stream.GetType(), ref _latest);

    private ValueTask<int> StartRead(Memory<byte> buffer, CancellationToken token)
    {
        try
        {
            return stream.ReadAsync(buffer, token);
        }
        catch (Exception)
        {
            _scope.Lease?.Release();
            throw;
        }
    }

    /// <summary>Reads within the limits. A limit that elapses disposes the stream, so the blocked read throws.</summary>
    private int ReadInTime(Span<byte> buffer)
    {
        if (_timeout is not null)
        {
            throw TimedOutBefore();
        }

        var limits = _scope.Limits;
        var remaining = _scope.Remaining;
        var isIdle = limits.IsIdleFirst(remaining);
        var limit = isIdle ? limits.Idle!.Limit : remaining;
        if (limit == TimeSpan.Zero)
        {
            throw TimedOut(isIdle, cause: null);
        }

        if (!Guards.IsFinite(limit))
        {
            return stream.Read(buffer);
        }

        _blocking ??= new BlockingReadLimit(limits.Clock, stream);
        _blocking.Start(limit);
        int count;
        try
        {
            count = stream.Read(buffer);
        }
        catch (Exception exception)
        {
            if (_blocking.TryStop())
            {
                throw;
            }

            throw TimedOut(isIdle, exception);
        }

        if (!_blocking.TryStop())
        {
            throw TimedOut(isIdle, cause: null);
        }

        return count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> read, int requested, bool isIdle, TimeSpan limit)
    {
        int count;
        try
        {
            count = await read.NoContext();
        }
        catch (TimeoutException exception) when (_scope.Limits.IsLimit(exception, limit))
        {
            throw TimedOut(isIdle, exception);
        }
        catch (Exception exception)
        {
            _scope.Lease?.Release();
            if (SafeFailure.Of(exception) is { } safe)
            {
                throw safe;
            }

            throw;
        }

        return Count(count, requested);
    }

    /// <summary>Disposes the stream, so that the server does not send on, and only then releases the lease.</summary>
    private TimeoutException TimedOut(bool isIdle, Exception? cause)
    {
        _timeout = _scope.TimedOut(isIdle, cause);
        try
        {
            stream.Dispose();
        }
        catch (Exception)
        {
            // The timeout is reported.
        }

        _scope.Lease?.Release();
        return _timeout;
    }

    private TimeoutException TimedOutBefore() => new(_timeout!.Message, _timeout);

    private int Count(int read, int requested)
    {
        _count += read;
        if (_count > _scope.Limits.MaxBytes)
        {
            _scope.Lease?.Release();
            throw _scope.TooLong();
        }

        if (read == 0 && requested > 0)
        {
            _isComplete = true;
            _scope.Lease?.Release();
        }

        if (_scope.WrongLength(_count, _isComplete) is { } wrong)
        {
            _scope.Lease?.Release();
            throw wrong;
        }

        return read;
    }
}
