namespace AsyncKit.Http;

/// <summary>The state that all downloads of a call share.</summary>
internal sealed class DownloadContext
{
    private const string AttemptTimeoutKey = "AsyncKit.AttemptTimeout";

    public DownloadContext(HttpClient client, DownloadOptions options, DownloadTotals? totals = null)
    {
        if (client.DefaultRequestHeaders.NonValidated.Contains("Range"))
        {
            throw new ArgumentException(
                "DefaultRequestHeaders.Range must be null for a download, which asks for the ranges that it needs; "
                + $"it was '{client.DefaultRequestHeaders.Range}'.",
                nameof(client));
        }

        Client = client;
        Options = options;
        Totals = totals;
        Clock = AsyncEnvironment.Clock(options.TimeProvider);
        Retry = RetryAfter.AsDefaultHint(options.Retry);
        if (Retry.TimeProvider == TimeProvider.System && options.TimeProvider != TimeProvider.System)
        {
            Retry = Retry with { TimeProvider = options.TimeProvider };
        }

        if (Retry.AttemptTimeout is { } limit && limit != Timeout.InfiniteTimeSpan)
        {
            AttemptTimeout = limit;
            var shouldRetry = Retry.ShouldRetry;
            Retry = Retry with
            {
                AttemptTimeout = null, // The download applies it, to know which limit stopped an attempt.
                ShouldRetry = exception => exception.Data.Contains(AttemptTimeoutKey) || shouldRetry(exception),
            };
        }

        var idle = HttpLimits.Limit(options.ReadIdleTimeout, name: null, options.TimeProvider);
        BodyLimits = new ContentLimits(long.MaxValue, idle, total: null, totalName: "", options.TimeProvider);
        Progress = options.Progress is null ? null : new SequentialProgress<DownloadProgress>(options.Progress);
    }

    public HttpClient Client { get; }

    public DownloadOptions Options { get; }

    public DownloadTotals? Totals { get; }

    public TimeProvider Clock { get; }

    public RetryOptions Retry { get; }

    /// <summary>The limit of each attempt; null for none.</summary>
    public TimeSpan? AttemptTimeout { get; }

    /// <summary>The limits of each read. The download itself applies the limits of its attempts.</summary>
    public ContentLimits BodyLimits { get; }

    public SequentialProgress<DownloadProgress>? Progress { get; }

    /// <summary>Creates a timer for an attempt; null without a limit.</summary>
    public CancellationTokenSource? NewAttemptTimer() => AttemptTimeout is { } limit
        ? new CancellationTokenSource(Guards.ForTimer(limit), AsyncEnvironment.Clock(Retry.TimeProvider))
        : null;

    public TimeoutException AttemptTimedOut(Exception cause) =>
        new($"The attempt did not complete within AttemptTimeout ({TimeText.Of(AttemptTimeout!.Value)}).", cause)
        {
            Data = { [AttemptTimeoutKey] = true },
        };

    public TimeoutException TotalTimedOut(Exception cause) =>
        new($"All attempts together did not complete within TotalTimeout ({TimeText.Of(Options.Retry.TotalTimeout!.Value)}).", cause);
}
