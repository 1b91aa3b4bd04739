using System.Security.Cryptography;

namespace AsyncKit.Http;

/// <summary>Records what is written to it, up to a limit, and forwards it to a target.</summary>
/// <remarks>
/// It only records at first, and forwards from <see cref="StartForwarding"/> or from the limit on.
/// Invariants:
/// (1) The target gets the bytes in the order of the writes. The first flush of the recording is <c>_flushed</c>, and
/// each later write waits for it.
/// (2) The lock guards the step from recording to forwarding, since a writer may run on another thread than
/// <see cref="StartForwarding"/>.
/// </remarks>
internal sealed class RecordingStream(int maxBytes) : Stream
{
    private readonly Lock _lock = new();
    private readonly MemoryStream _recorded = new();
    private Task? _flushed; // Null while it only records.
    private IncrementalHash? _hash; // Null until the limit.
    private bool _isTooLong;

    public Stream? Target { get; set; }

    /// <summary>True if everything that was written is recorded.</summary>
    public bool IsComplete => !_isTooLong;

    public ReadOnlyMemory<byte> Bytes => _recorded.GetBuffer().AsMemory(0, (int)_recorded.Length);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Returns the hash of everything that was written, if it was too long to record.</summary>
    public byte[]? TakeHash()
    {
        using var hash = _hash;
        _hash = null;
        return hash?.GetHashAndReset();
    }

    /// <summary>Forwards what was recorded so far, and everything from now on.</summary>
    public void StartForwarding(CancellationToken token)
    {
        lock (_lock)
        {
            _flushed ??= Target!.WriteAsync(_recorded.ToArray(), token).AsTask(); // A copy: the recording may grow.
        }
    }

    /// <summary>Forwards the recording, unless it was forwarded already.</summary>
    public Task FinishAsync(CancellationToken token)
    {
        lock (_lock)
        {
            return _flushed ??= Target!.WriteAsync(Bytes, token).AsTask();
        }
    }

    /// <summary>Waits until no write to the target is pending. Its failure was thrown by a later write, or the
    /// content failed itself.</summary>
    public async Task SettleAsync()
    {
        Task? flushed;
        lock (_lock)
        {
            flushed = _flushed;
        }

        if (flushed is not null)
        {
            await flushed.NoThrow();
        }
    }

    /// <inheritdoc cref="FinishAsync"/>
    public void Finish()
    {
        if (_flushed is null)
        {
            Target!.Write(Bytes.Span);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Task flushed;
        lock (_lock)
        {
            Record(buffer.Span);
            if (_flushed is null && !_isTooLong)
            {
                return;
            }

            flushed = _flushed ??= FlushRecordedAsync(cancellationToken);
        }

        await flushed.NoContext();
        await Target!.WriteAsync(buffer, cancellationToken).NoContext();
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Record(buffer);
        if (!_isTooLong)
        {
            return;
        }

        if (_flushed is null)
        {
            _flushed = Task.CompletedTask;
            Target!.Write(Bytes.Span);
            _recorded.SetLength(0);
        }

        Target!.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        Task? flushed;
        lock (_lock)
        {
            flushed = _flushed;
        }

        if (flushed is not null)
        {
            await flushed.NoContext();
            await Target!.FlushAsync(cancellationToken).NoContext();
        }
    }

    public override void Flush()
    {
        if (_flushed is not null)
        {
            Target!.Flush();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Record(ReadOnlySpan<byte> buffer)
    {
        if (!_isTooLong && _recorded.Length + buffer.Length > maxBytes)
        {
            _isTooLong = true;
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            _hash.AppendData(Bytes.Span);
        }

        if (_isTooLong)
        {
            _hash!.AppendData(buffer);
        }
        else
        {
            _recorded.Write(buffer);
        }
    }

    private async Task FlushRecordedAsync(CancellationToken token)
    {
        await Target!.WriteAsync(Bytes, token).NoContext();
        _recorded.SetLength(0); // It is not replayed.
    }
}
