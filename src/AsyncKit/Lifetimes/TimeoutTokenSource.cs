namespace AsyncKit;

/// <summary>A token that is cancelled after a time, with its callbacks on the pool; what they throw is kept.</summary>
internal sealed class TimeoutTokenSource : IAsyncDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly ITimer? _timer;
    private Task? _cancelling;

    public TimeoutTokenSource(TimeSpan limit, TimeProvider clock)
    {
        Token = _source.Token;
        if (limit == TimeSpan.Zero)
        {
            Reach();
        }
        else if (Guards.ForTimer(limit) is { Ticks: > 0 } due)
        {
            _timer = clock.CreateTimer(static one => ((TimeoutTokenSource)one!).Reach(), this, due, Timeout.InfiniteTimeSpan);
        }
    }

    public CancellationToken Token { get; }

    public bool IsReached => _source.IsCancellationRequested;

    /// <summary>What callbacks of the token have thrown; known when it is disposed.</summary>
    public Exception? CallbackFailure { get; private set; }

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync().NoContext(); // After a callback that is running.
        }

        try
        {
            await (_cancelling ?? Task.CompletedTask).NoContext();
        }
        catch (Exception exception)
        {
            CallbackFailure = exception;
        }

        _source.Dispose();
    }

    private void Reach() => _cancelling = AsyncEnvironment.CancelAsync(_source);
}
