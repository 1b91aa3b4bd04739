namespace AsyncKit.Http;

/// <summary>The state that all downloads of a call share.</summary>
internal sealed class DownloadContext
{
    public DownloadContext(HttpClient client, DownloadOptions options, DownloadTotals? totals = null)
    {
        Client = client;
        Options = options;
        Totals = totals;
        Clock = AsyncEnvironment.Clock(options.TimeProvider);
        Retry = RetryAfter.AsDefaultHint(options.Retry);
        if (Retry.TimeProvider == TimeProvider.System && options.TimeProvider != TimeProvider.System)
        {
            Retry = Retry with { TimeProvider = options.TimeProvider };
        }

        Idle = HttpLimits.Limit(options.ReadIdleTimeout, name: null, options.TimeProvider);
        Progress = options.Progress is null ? null : new SequentialProgress<DownloadProgress>(options.Progress);
    }

    public HttpClient Client { get; }

    public DownloadOptions Options { get; }

    public DownloadTotals? Totals { get; }

    public TimeProvider Clock { get; }

    public RetryOptions Retry { get; }

    public DeadlineOptions? Idle { get; }

    public SequentialProgress<DownloadProgress>? Progress { get; }
}
