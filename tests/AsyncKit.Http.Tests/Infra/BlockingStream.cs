namespace AsyncKit.Http.Tests;

/// <summary>A body whose synchronous reads block until it is disposed, as those of a connection do.</summary>
/// <param name="bytes">The number of reads that return a byte before one blocks.</param>
internal sealed class BlockingStream(int bytes = 0) : BodyStream
{
    private readonly ManualResetEventSlim _isDisposed = new();
    private readonly TaskCompletionSource _isBlocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = bytes;

    /// <summary>Completes when a read blocks.</summary>
    public Task Blocked => _isBlocked.Task.OrHangs();

    /// <summary>Called before each read that returns a byte.</summary>
    public Action? OnRead { get; init; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_left-- > 0)
        {
            OnRead?.Invoke();
            buffer[offset] = (byte)' ';
            return 1;
        }

        _isBlocked.TrySetResult();
        _isDisposed.Wait();
        throw new IOException("closed");
    }

    protected override void Dispose(bool disposing)
    {
        _isDisposed.Set();
        base.Dispose(disposing);
    }
}
