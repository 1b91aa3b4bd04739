namespace AsyncKit;

/// <summary>Over some time after a token was cancelled; never, if it is not.</summary>
internal sealed class GracePeriod : IDisposable
{
    private readonly TaskCompletionSource<bool> _over = AsyncEnvironment.NewCompletion<bool>();
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly TimeSpan _period;
    private readonly CancellationTokenRegistration _registration;
    private ITimer? _timer;
    private bool _isDisposed;
    private bool _isOver;

    public GracePeriod(TimeProvider clock, TimeSpan period, CancellationToken token)
    {
        _clock = clock;
        _period = period;
        _registration = token.UnsafeRegister(static grace => ((GracePeriod)grace!).Start(), this);
    }

    public Task Over => _over.Task;

    public void Dispose()
    {
        _ = _registration.Unregister();
        ITimer? timer;
        lock (_lock)
        {
            _isDisposed = true;
            timer = _timer;
        }

        timer?.Dispose();
    }

    private void Start()
    {
        if (!Guards.IsFinite(_period))
        {
            return;
        }

        ITimer timer;
        try
        {
            timer = _clock.CreateTimer(
                static grace => ((GracePeriod)grace!).End(), this, _period, Timeout.InfiniteTimeSpan);
        }
        catch (Exception)
        {
            return; // Without a clock there is no end of the period: the operation is awaited.
        }

        lock (_lock)
        {
            if (!_isDisposed)
            {
                _timer = timer;
                return;
            }
        }

        timer.Dispose();
    }

    private void End()
    {
        lock (_lock)
        {
            if (_isOver || _isDisposed)
            {
                return;
            }

            _isOver = true;
        }

        AsyncEnvironment.Complete(_over, result: true);
    }
}
