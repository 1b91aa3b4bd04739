namespace AsyncKit.Http;

/// <summary>One request with all its attempts.</summary>
/// <remarks>
/// Invariants:
/// (1) An attempt is sent only while the call holds a lease of the host. The lease moves to the response, or is
/// released.
/// (2) A response moves to the caller or is disposed: a retryable one before the wait for the next attempt, or at the
/// end.
/// </remarks>
internal sealed class HttpCall(
    HttpPolicy policy, AsyncKitHttpHandler handler, HttpRequestMessage request, SendMode mode)
{
    private readonly RequestSnapshot _snapshot = new(request);
    private readonly bool _mayRetry = policy.MayRetry(request);
    private HostLease? _lease;
    private RetryableResponseException? _retryable;
    private TimeoutException? _innerTimeout;
    private int _attempts;

    public async Task<HttpResponseMessage> RunAsync(CancellationToken token)
    {
        AsyncEnvironment.LeaveContext(); // A synchronous Send blocks it, and each attempt must run in the same place.
        _lease = await policy.AcquireHostAsync(request, token).NoContext();
        try
        {
            return await Retry.RunAsync(AttemptAsync, policy.RetryOf(_mayRetry), token).NoContext();
        }
        catch (RetryableResponseException last) when (ReferenceEquals(last, _retryable) && !last.IsConsumed)
        {
            return last.Take();
        }
        finally
        {
            _lease?.Release();
            if (_retryable is { IsConsumed: false } unused)
            {
                unused.Drop();
            }
        }
    }

    private async ValueTask<HttpResponseMessage> AttemptAsync(CancellationToken token)
    {
        if (++_attempts > 1)
        {
            _snapshot.Restore(request);
            _lease = await policy.AcquireHostAsync(request, token).NoContext();
        }

        var response = await SendAsync(token).NoContext();
        try
        {
            _lease?.Report(HttpPolicy.SignalOf(response.StatusCode));
            if (HttpPolicy.HasContent(response, request.Method))
            {
                policy.Limit(response, _lease);
            }
            else
            {
                _lease?.Release();
            }

            _lease = null;
            _retryable = _mayRetry ? policy.AsRetryable(response) : null;
        }
        catch (Exception)
        {
            response.Dispose();
            throw;
        }

        return _retryable is null ? response : throw _retryable;
    }

    private async ValueTask<HttpResponseMessage> SendAsync(CancellationToken token)
    {
        try
        {
            return policy.AttemptLimit is { } limit
                ? await Deadline.RunAsync(SendToInnerAsync, limit, token).NoContext()
                : await SendToInnerAsync(token).NoContext();
        }
        catch (TimeoutException exception)
            when (policy.AttemptLimit is not null && !ReferenceEquals(exception, _innerTimeout))
        {
            ReleaseLease(GateSignal.Throttled);
            throw new HttpAttemptTimeoutException(request, policy.AttemptLimit!.Limit, exception);
        }
        catch (Exception exception)
        {
            var isTimeout = exception is TimeoutException
                || (exception is OperationCanceledException && Transient.IsTransient(exception));
            ReleaseLease(isTimeout ? GateSignal.Throttled : GateSignal.Ignored);
            throw;
        }
    }

    /// <summary>Sends the request to the inner handler. A request with content gets its own token: the deadline reuses
    /// its token source, while the content may still be in transit when the response arrives.</summary>
    private async ValueTask<HttpResponseMessage> SendToInnerAsync(CancellationToken token)
    {
        using var own = request.Content is null ? null : CancellationTokenSource.CreateLinkedTokenSource(token);
        try
        {
            return await handler.SendToInnerAsync(request, mode, own?.Token ?? token).NoContext();
        }
        catch (TimeoutException exception)
        {
            _innerTimeout = exception;
            throw;
        }
    }

    private void ReleaseLease(GateSignal signal)
    {
        _lease?.Report(signal);
        _lease?.Release();
        _lease = null;
    }
}
