namespace AsyncKit;

/// <summary>The state of an operation that failed at least once. It decides whether and when the next attempt
/// runs.</summary>
internal sealed class RetryState(RetryEngine engine, long startedAt, Random random, CallerContext caller)
{
    private const int MaxEarlier = 100;

    private readonly List<Exception> _earlier = [];
    private bool _isLastAttemptTimeout;
    private TimeSpan _previousDelay;
    private bool _isFirstTaken;
    private bool _willRetry;

    /// <summary>Where the first attempt began. Callbacks and attempts must not see what an earlier one set, so each
    /// call restores its flow first.</summary>
    public CallerContext Caller => caller;

    public int Attempts { get; private set; }

    /// <summary>The delay before the next attempt, after <see cref="ShouldRetry"/> returned true.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>The exception of the last attempt.</summary>
    public Exception? Last { get; private set; }

    public void Record(Exception exception, bool isAttemptTimeout)
    {
        if (Last is not null)
        {
            if (_earlier.Count == MaxEarlier)
            {
                _earlier.RemoveAt(1); // Keeps the first one. Endless retries must not use endless memory.
            }

            _earlier.Add(Last);
        }

        Attempts++;
        _willRetry = false;
        Last = exception;
        _isLastAttemptTimeout = isAttemptTimeout;
    }

    public bool ShouldRetry(Exception exception)
    {
        var options = engine.Options;
        if (Attempts >= options.MaxAttempts || !IsRetryable(exception) || !TryGetDelay(exception, out var delay))
        {
            return false;
        }

        if (options.TotalTimeout is { } total && Guards.IsFinite(total)
            && delay >= total - engine.Clock.GetElapsedTime(startedAt))
        {
            return false; // The total timeout would end the wait.
        }

        if (options.Budget?.TryTake() == false)
        {
            return false; // Must be last: it takes from the budget.
        }

        Delay = delay;
        _willRetry = true;
        return true;
    }

    /// <summary>Returns the failure of the attempt before the pipeline, once; then null.</summary>
    public Exception? TakeFirst()
    {
        var isFirst = !_isFirstTaken;
        _isFirstTaken = true;
        return isFirst ? Last : null;
    }

    /// <summary>Returns the exception of the operation: the last failure, the exception of a callback of the options,
    /// or the caller's cancellation with the last failure inside.</summary>
    public Exception GetExceptionToThrow(Exception exception, CancellationToken token)
    {
        if (!_willRetry && Last is not null && Cancellation.Is(exception))
        {
            exception = Last; // Polly checks the token before it asks whether to retry.
        }

        var isLast = ReferenceEquals(exception, Last);
        var toThrow = !token.IsCancellationRequested || !Cancellation.Is(exception) ? exception
            : isLast || Last is null ? Cancellation.ByCaller(exception, token)
            : new CallerCanceledException(exception.Message, Last, token); // Cancelled during a delay.
        AttemptData.Set(toThrow, Attempts, isLast || Last is null ? [.. _earlier] : [.. _earlier, Last]);
        return toThrow;
    }

    private bool IsRetryable(Exception exception)
    {
        if (_isLastAttemptTimeout || (Cancellation.Is(exception) && !Transient.IsTimeout(exception)))
        {
            return _isLastAttemptTimeout;
        }

        caller.RestoreFlow();
        return engine.Options.ShouldRetry(exception);
    }

    private bool TryGetDelay(Exception exception, out TimeSpan delay)
    {
        caller.RestoreFlow();
        if (engine.Options.DelayHint?.Invoke(exception) is { } hint && hint >= TimeSpan.Zero)
        {
            delay = hint;
            return delay <= engine.Options.MaxDelayHint;
        }

        delay = _previousDelay = engine.Options.Backoff.Next(Attempts, _previousDelay, random);
        return true;
    }
}
