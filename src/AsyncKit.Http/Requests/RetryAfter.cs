namespace AsyncKit.Http;

/// <summary>The wish of a server that we wait: its Retry-After header, in seconds or as a date.</summary>
public static class RetryAfter
{
    private const string Key = "AsyncKit.RetryAfter";

    /// <summary>How long the response asks to wait.</summary>
    /// <param name="response">With or without the header.</param>
    /// <param name="timeProvider">The clock a date is compared with; null for the system's.</param>
    /// <returns>Zero or more, since a date may have passed; null without the header.</returns>
    /// <exception cref="ArgumentNullException">The response is null.</exception>
    public static TimeSpan? Of(HttpResponseMessage response, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(response);
        var wish = response.Headers.RetryAfter;
        var delay = wish?.Delta ?? wish?.Date - AsyncEnvironment.Clock(timeProvider ?? TimeProvider.System).GetUtcNow();
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    /// <summary>How long the response that has failed a request asked to wait, where this library has thrown the exception:
    /// for <see cref="RetryOptions.DelayHint"/>.</summary>
    /// <param name="exception">What a request has failed with.</param>
    /// <returns>Zero or more; null if the response had no such wish, or there was none.</returns>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public static TimeSpan? Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Data[Key] as TimeSpan?;
    }

    /// <summary>The exception for a response that is none of success, with the wish.</summary>
    internal static HttpRequestException Failure(HttpResponseMessage response, TimeProvider clock)
    {
        var exception = new HttpRequestException(MessageOf(response), inner: null, response.StatusCode);
        Attach(exception, response, clock);
        return exception;
    }

    internal static string MessageOf(HttpResponseMessage response)
    {
        var reason = string.IsNullOrWhiteSpace(response.ReasonPhrase) ? "" : $" ({response.ReasonPhrase})";
        return $"{UriText.Of(response.RequestMessage?.RequestUri)} answered {(int)response.StatusCode}{reason}.";
    }

    internal static void Attach(Exception exception, HttpResponseMessage response, TimeProvider clock)
    {
        if (Of(response, clock) is { } delay)
        {
            exception.Data[Key] = delay;
        }
    }
}
