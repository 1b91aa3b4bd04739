using System.Collections;
using System.Runtime.ExceptionServices;

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
    private readonly bool _mayRetry = policy.MayRetry(request);
    private readonly ReplayedContent? _replayed = ReplayedContent.Replace(request, policy.MayRetry(request));
    private readonly RequestSnapshot _snapshot = new(request); // After the content was replaced.
    private readonly RequestLimits _limits = policy.LimitsOf(request);
    private HostLease? _lease;
    private RetryableResponseException? _retryable;
    private TimeoutException? _innerTimeout;
    private Exception? _failure;
    private ExceptionDispatchInfo? _final;
    private long _startedAt;
    private int _attempts;

    public async Task<HttpResponseMessage> RunAsync(CancellationToken token)
    {
        AsyncEnvironment.LeaveContext(); // A synchronous Send blocks it, and each attempt must run in the same place.
        try
        {
            _lease = await policy.AcquireHostAsync(request, token).NoContext();
            _startedAt = _limits.Content.Start();
            var options = _limits.RetryOf(_mayRetry);
            return _replayed is null
                ? await Retry.RunAsync(AttemptAsync, options, token).NoContext()
                : await Retry.RunAsync(AttemptOrGiveUpAsync, options, token).NoContext() ?? throw GiveUp();
        }
        catch (RetryableResponseException last) when (ReferenceEquals(last, _retryable) && !last.IsConsumed)
        {
            return last.Take();
        }
        catch (TimeoutException exception) when (IsTotalTimeout(exception))
        {
            throw TotalTimedOut(exception);
        }
        finally
        {
            _lease?.Release();
            if (_retryable is { IsConsumed: false } unused)
            {
                unused.Drop();
            }

            _replayed?.Restore(request);
        }
    }

    /// <summary>Makes an attempt. Returns null if it failed, and its content cannot be sent again.</summary>
    private async ValueTask<HttpResponseMessage?> AttemptOrGiveUpAsync(CancellationToken token)
    {
        try
        {
            return await AttemptAsync(token).NoContext();
        }
        catch (Exception exception) when (!_replayed!.IsRepeatable && !token.IsCancellationRequested)
        {
            _final = ExceptionDispatchInfo.Capture(exception);
            return null;
        }
    }

    private Exception GiveUp()
    {
        _final!.SourceException.Data["AsyncKit.Attempts"] = _attempts;
        _final.Throw();
        return _final.SourceException; // Never reached.
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
            Limit(response);
            _retryable = _mayRetry && _replayed?.IsRepeatable != false ? policy.AsRetryable(response) : null;
        }
        catch (Exception)
        {
            response.Dispose();
            ReleaseLease(GateSignal.Ignored); // The next attempt acquires its own.
            throw;
        }

        return _retryable is null ? response : throw _retryable;
    }

    /// <summary>Applies the limits to the content of a response, and moves the lease to it.</summary>
    private void Limit(HttpResponseMessage response)
    {
        var isUpgraded = HttpPolicy.IsUpgraded(response, request);
        var hasContent = !isUpgraded && HttpPolicy.HasContent(response, request.Method);
        if (!hasContent)
        {
            _lease?.Release();
            _lease = null;
            if (isUpgraded || HttpPolicy.EndsWithHeaders(response))
            {
                return;
            }
        }

        var scope = new ResponseScope(response.RequestMessage, _limits.Content, _startedAt, _lease);
        if (_lease is not null || _limits.Content.HasTime || !BodyLength.IsChecked(response))
        {
            LimitedContent.Apply(response, scope);
        }
        else
        {
            LimitedContent.CheckLength(response, scope);
        }

        _lease = null;
    }

    private async ValueTask<HttpResponseMessage> SendAsync(CancellationToken token)
    {
        try
        {
            return _limits.Attempt is { } limit
                ? await Deadline.RunAsync(SendToInnerAsync, limit, token).NoContext()
                : await SendToInnerAsync(token).NoContext();
        }
        catch (TimeoutException exception)
            when (_limits.Attempt is not null && !ReferenceEquals(exception, _innerTimeout))
        {
            ReleaseLease(GateSignal.Throttled);
            _failure = new HttpAttemptTimeoutException(request, _limits.Attempt!.Limit, exception);
            throw _failure;
        }
        catch (Exception exception)
        {
            _failure = exception;
            var isTimeout = exception is TimeoutException
                || (exception is OperationCanceledException && Transient.IsTransient(exception));
            ReleaseLease(isTimeout ? GateSignal.Throttled : GateSignal.Ignored);
            if (SafeFailure.Of(exception) is { } safe)
            {
                throw safe;
            }

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

    /// <summary>Returns true for the limit of <see cref="Retry"/>. An attempt throws its own timeouts, and user code may
    /// throw others.</summary>
    private bool IsTotalTimeout(TimeoutException exception) =>
        _limits.Total is { } total
        && !ReferenceEquals(exception, _failure)
        && (exception.InnerException is OperationCanceledException || total == TimeSpan.Zero);

    private TimeoutException TotalTimedOut(TimeoutException exception)
    {
        var named = new TimeoutException(
            $"{UriText.Of(request)}: no response arrived within TotalTimeout ({TimeText.Of(_limits.Total!.Value)}).", exception);
        foreach (DictionaryEntry entry in exception.Data)
        {
            named.Data[entry.Key] = entry.Value;
        }

        return named;
    }
}
