namespace AsyncKit;

/// <summary>The drain of a run: the signal after which no item is taken, and the token of the source.</summary>
/// <remarks>
/// Lifetime: that of its run. A run has one only if its DrainToken can be cancelled. Any other run passes the
/// operations' token to the source and pays a null check.
/// </remarks>
internal sealed class FanOutDrain : IDisposable
{
    private readonly CancellationToken _signal;
    private volatile bool _hasEndedSource;

    private FanOutDrain(CancellationToken signal)
    {
        _signal = signal;
        SourceToken = Source.Token;
    }

    /// <summary>The source of <see cref="SourceToken"/>. The run cancels it when it drains and when it stops.</summary>
    public CancellationTokenSource Source { get; } = new();

    public CancellationToken SourceToken { get; }

    public bool IsSignalled => _signal.IsCancellationRequested;

    /// <summary>Whether a worker left items in the source, or may have, because of the signal.</summary>
    public bool HasEndedSource => _hasEndedSource;

    public static FanOutDrain? TryCreate(CancellationToken signal) =>
        signal.CanBeCanceled ? new FanOutDrain(signal) : null;

    /// <summary>Returns true if the caller must treat the source as ended.</summary>
    public bool MustEndSource()
    {
        if (!IsSignalled)
        {
            return false;
        }

        _hasEndedSource = true;
        return true;
    }

    public void Dispose() => Source.Dispose();
}
