namespace AsyncKit.Http;

/// <summary>What all downloads of a call share.</summary>
internal sealed class DownloadTerms
{
    public DownloadTerms(HttpClient client, DownloadOptions options, DownloadTotals? totals = null)
    {
        Client = client;
        Options = options;
        Totals = totals;
        Clock = Seam.Clock(options.TimeProvider);
        Retry = options.Retry.TimeProvider == TimeProvider.System && options.TimeProvider != TimeProvider.System
            ? options.Retry with { TimeProvider = options.TimeProvider }
            : options.Retry;
        Idle = new DeadlineOptions { Limit = options.ReadIdleTimeout, TimeProvider = options.TimeProvider };
        Receiver = options.Progress is null ? null : new DownloadReceiver<DownloadProgress>(options.Progress);
    }

    public HttpClient Client { get; }

    public DownloadOptions Options { get; }

    public DownloadTotals? Totals { get; }

    public TimeProvider Clock { get; }

    public RetryOptions Retry { get; }

    public DeadlineOptions Idle { get; }

    public DownloadReceiver<DownloadProgress>? Receiver { get; }
}
