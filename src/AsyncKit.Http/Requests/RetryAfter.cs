namespace AsyncKit.Http;

/// <summary>Reads the Retry-After header, in seconds or as a date, with which a server asks the client to
/// wait.</summary>
public static class RetryAfter
{
    private const string Key = "AsyncKit.RetryAfter";

    private static readonly RetryOptions Defaults = new();
    private static readonly RetryOptions DefaultsWithHint = new() { DelayHint = Of };

    /// <summary>Returns how long the response asks the client to wait.</summary>
    /// <param name="response">The response, with or without the header.</param>
    /// <param name="timeProvider">The clock to which a date is compared; null for the system clock.</param>
    /// <returns>Zero or more; null if the header is missing, its delay is negative or its date has passed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="response"/> is null.</exception>
    /// <example>
    /// <code>
    /// using var response = await client.GetAsync(uri);
    /// TimeSpan? delay = RetryAfter.Of(response);
    /// </code>
    /// </example>
    public static TimeSpan? Of(HttpResponseMessage response, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(response);
        var header = response.Headers.RetryAfter;
        var clock = AsyncEnvironment.Clock(timeProvider ?? TimeProvider.System);
        var delay = header?.Delta ?? header?.Date - clock.GetUtcNow();
        return delay < TimeSpan.Zero ? null : delay; // Zero would retry at once, even if only the clocks differ.
    }

    /// <summary>Returns how long the response behind an exception asked the client to wait, for
    /// <see cref="RetryOptions.DelayHint"/>.</summary>
    /// <param name="exception">The exception of a failed request, thrown by this library.</param>
    /// <returns>Zero or more; null if the request received no response, or the response did not contain the
    /// header.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="exception"/> is null.</exception>
    public static TimeSpan? Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Data[Key] as TimeSpan?;
    }

    /// <summary>Returns options that honor Retry-After, unless they already contain a hint.</summary>
    internal static RetryOptions AsDefaultHint(RetryOptions options) =>
        options.DelayHint is not null ? options
        : options == Defaults ? DefaultsWithHint // Equal in all properties; keeps its pipeline.
        : options with { DelayHint = Of };

    /// <summary>Creates the exception for a response with a non-success status code. It carries the delay.</summary>
    internal static HttpRequestException Failure(HttpResponseMessage response, TimeProvider clock)
    {
        var exception = new HttpRequestException(MessageOf(response), inner: null, response.StatusCode);
        Attach(exception, response, clock);
        return exception;
    }

    internal static string MessageOf(HttpResponseMessage response)
    {
        var reason = string.IsNullOrWhiteSpace(response.ReasonPhrase) ? "" : $" ({SafeText.Of(response.ReasonPhrase)})";
        return $"{UriText.Of(response.RequestMessage?.RequestUri)} returned {(int)response.StatusCode}{reason}.";
    }

    internal static void Attach(Exception exception, HttpResponseMessage response, TimeProvider clock)
    {
        if (Of(response, clock) is { } delay)
        {
            exception.Data[Key] = delay;
        }
    }
}
