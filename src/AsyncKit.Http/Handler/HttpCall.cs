namespace AsyncKit.Http;

/// <summary>
/// One request, with all its attempts. Invariants:
/// <list type="number">
/// <item>An attempt is sent only while the call holds a place; the place goes with the response, or is left.</item>
/// <item>A response is the caller's, or is disposed: a rejected one before the wait for the next attempt, or at the
/// end.</item>
/// </list>
/// </summary>
internal sealed class HttpCall(
    HttpPolicy policy, AsyncKitHttpHandler handler, HttpRequestMessage request, SendMode mode)
{
    private readonly RequestSnapshot _snapshot = new(request);
    private readonly bool _mayRetry = policy.MayRetry(request);
    private HostLease? _place;
    private RetryableResponseException? _rejected;
    private TimeoutException? _timeoutBelow;
    private int _attempts;

    public async Task<HttpResponseMessage> RunAsync(CancellationToken token)
    {
        _place = await policy.EnterAsync(request, token).NoContext();
        try
        {
            return await Retry.RunAsync(AttemptAsync, policy.RetryOf(_mayRetry), token).NoContext();
        }
        catch (RetryableResponseException rejected) when (ReferenceEquals(rejected, _rejected) && !rejected.IsDropped)
        {
            return rejected.Take();
        }
        finally
        {
            _place?.Leave();
            if (_rejected is { IsDropped: false } left)
            {
                left.Drop();
            }
        }
    }

    private async ValueTask<HttpResponseMessage> AttemptAsync(CancellationToken token)
    {
        if (++_attempts > 1)
        {
            _snapshot.Restore(request);
            _place = await policy.EnterAsync(request, token).NoContext();
        }

        var response = await SendAsync(token).NoContext();
        try
        {
            _place?.Report(HttpPolicy.SignalOf(response.StatusCode));
            if (HttpPolicy.HasContent(response, request.Method))
            {
                policy.Watch(response, _place);
            }
            else
            {
                _place?.Leave();
            }

            _place = null;
            _rejected = _mayRetry ? policy.Reject(response) : null;
        }
        catch (Exception)
        {
            response.Dispose();
            throw;
        }

        return _rejected is null ? response : throw _rejected;
    }

    private async ValueTask<HttpResponseMessage> SendAsync(CancellationToken token)
    {
        try
        {
            return policy.AttemptLimit is { } limit
                ? await Deadline.RunAsync(PassOnAsync, limit, token).NoContext()
                : await PassOnAsync(token).NoContext();
        }
        catch (TimeoutException exception)
            when (policy.AttemptLimit is not null && !ReferenceEquals(exception, _timeoutBelow))
        {
            LeavePlace(GateSignal.Throttled);
            throw new HttpAttemptTimeoutException(request, policy.AttemptLimit!.Limit, exception);
        }
        catch (Exception exception)
        {
            var isTimeout = exception is TimeoutException or TaskCanceledException { InnerException: TimeoutException };
            LeavePlace(isTimeout ? GateSignal.Throttled : GateSignal.Ignored);
            throw;
        }
    }

    /// <summary>The token that a limit hands out is used again afterwards, and a content may still be on its way when the
    /// response is there: then it gets a token of its own.</summary>
    private async ValueTask<HttpResponseMessage> PassOnAsync(CancellationToken token)
    {
        using var own = request.Content is null ? null : CancellationTokenSource.CreateLinkedTokenSource(token);
        try
        {
            return await handler.NextAsync(request, mode, own?.Token ?? token).NoContext();
        }
        catch (TimeoutException exception)
        {
            _timeoutBelow = exception;
            throw;
        }
    }

    private void LeavePlace(GateSignal signal)
    {
        _place?.Report(signal);
        _place?.Leave();
        _place = null;
    }
}
