namespace AsyncKit;

/// <summary>One operation that has failed at least once: what the next attempt depends on.</summary>
internal sealed class RetryCall(RetryEngine engine, long startedAt, Random random)
{
    private const int MostEarlier = 100;

    private List<Exception>? _earlier;
    private Exception? _last;
    private bool _isOwnTimeout;
    private TimeSpan _previous;
    private bool _isFirstTaken;
    private bool _goesOn;

    public int Attempts { get; private set; }

    /// <summary>As <see cref="ShouldGoOn"/> has decided.</summary>
    public TimeSpan Delay { get; private set; }

    public Exception? Last => _last;

    public void Fail(Exception exception, bool isOwnTimeout)
    {
        if (_last is not null)
        {
            _earlier ??= [];
            if (_earlier.Count == MostEarlier)
            {
                _earlier.RemoveAt(1); // An operation that is tried for ever must not keep them for ever.
            }

            _earlier.Add(_last);
        }

        Attempts++;
        _goesOn = false;
        _last = exception;
        _isOwnTimeout = isOwnTimeout;
    }

    public bool ShouldGoOn(Exception exception)
    {
        var options = engine.Options;
        if (Attempts >= options.MaxAttempts || !IsRetried(exception) || !TryFindDelay(exception, out var delay))
        {
            return false;
        }

        if (options.TotalTimeout is { } total && Guards.IsFinite(total)
            && delay >= total - engine.Clock.GetElapsedTime(startedAt))
        {
            return false; // No attempt could follow.
        }

        if (options.Budget?.TryTake() == false)
        {
            return false;
        }

        Delay = delay;
        _goesOn = true;
        return true;
    }

    /// <summary>The failure of the attempt that was made before the pipeline was entered; once.</summary>
    public Exception? TakeFirst()
    {
        var isFirst = !_isFirstTaken;
        _isFirstTaken = true;
        return isFirst ? _last : null;
    }

    /// <summary>What the operation ends with: its last failure, what a callback of the options has thrown, or the caller's
    /// cancellation around the last failure.</summary>
    public Exception ToThrow(Exception exception, CancellationToken token)
    {
        if (!_goesOn && _last is not null && Cancellation.Is(exception))
        {
            exception = _last; // Polly has seen the token before it has asked about that.
        }

        var isLast = ReferenceEquals(exception, _last);
        var toThrow = !token.IsCancellationRequested || !Cancellation.Is(exception) ? exception
            : isLast || _last is null ? Cancellation.ByCaller(exception, token)
            : new OperationCanceledException(exception.Message, _last, token); // In a wait.
        AttemptData.Set(toThrow, Attempts, [.. _earlier ?? [], .. isLast || _last is null ? Array.Empty<Exception>() : [_last]]);
        return toThrow;
    }

    private bool IsRetried(Exception exception) =>
        _isOwnTimeout
        || ((!Cancellation.Is(exception) || Transient.IsHttpClientTimeout(exception))
            && engine.Options.ShouldRetry(exception));

    private bool TryFindDelay(Exception exception, out TimeSpan delay)
    {
        if (engine.Options.DelayHint?.Invoke(exception) is { } hint)
        {
            delay = hint > TimeSpan.Zero ? hint : TimeSpan.Zero;
            return delay <= engine.Options.MaxDelayHint;
        }

        delay = _previous = engine.Options.Backoff.Next(Attempts, _previous, random);
        return true;
    }
}
