using System.Collections.Concurrent;
using System.Globalization;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Download PDF files into a folder, the classic example: the same work in nine ways.</summary>
internal sealed class DownloadScenario(HttpClient client, string[] urls, int limit) : Scenario
{
    private readonly string _folder = Directory.CreateTempSubdirectory("asynckit-download-").FullName;

    public static ScenarioKind Kind { get; } = new()
    {
        Name = "download",
        DefaultItems = 10,
        QuickItems = 10,
        Things = "PDF files",
        Work = "Download PDF files of 1 to 3 MB from a server with a slow line and save them to a folder.",
        Variants = [.. FetchVariants.All, Variant.Downloads],
        Explain = FetchVariants.Explain,
        Hero = Variant.AsyncKit,
        Headline = FetchVariants.Headline("downloaded"),
        NeverBlocks = [Variant.AsyncKit, Variant.Downloads],
        WarmsUpBriefly = FetchVariants.Slow,
        Expected = Expected,
        Url = Url,
        UsesClient = true,
        Open = static (client, urls, limit) => new DownloadScenario(client, urls, limit),
    };

    private static string Url(int index) => string.Create(CultureInfo.InvariantCulture, $"files/{index}.pdf");

    private static Fetched Expected(int index) =>
        Fetched.FromFile(Url(index), PdfFiles.Create(index));

    public override async Task RunAsync(Variant variant, CancellationToken cancellationToken)
    {
        switch (variant)
        {
            case Variant.Sequential: Sequential(cancellationToken); break;
            case Variant.Threads: Threads(cancellationToken); break;
            case Variant.ThreadPool: await ThreadPoolAsync(cancellationToken); break;
            case Variant.ParallelForEachDefault: await ParallelForEachDefaultAsync(cancellationToken); break;
            case Variant.ParallelForEach: await ParallelForEachAsync(cancellationToken); break;
            case Variant.SemaphoreWhenAll: await SemaphoreWhenAllAsync(cancellationToken); break;
            case Variant.WhenAll: await WhenAllAsync(cancellationToken); break;
            case Variant.Downloads: await DownloadsAsync(cancellationToken); break;
            default: await AsyncKitAsync(cancellationToken); break;
        }
    }

    public override Fetched[] Results() =>
        [.. urls.Select(url => Fetched.FromFile(url, File.ReadAllBytes(Target(url))))];

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Directory.Delete(_folder, recursive: true);
        }

        base.Dispose(disposing);
    }

    private void Sequential(CancellationToken cancellationToken)
    {
        foreach (var url in urls)
        {
            Download(url, cancellationToken);
        }
    }

    private void Threads(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentQueue<Exception>();
        var threads = urls.Select(url => new Thread(() =>
        {
            // An unhandled exception on a thread would end the process.
            try
            {
                Download(url, cancellationToken);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (!failures.IsEmpty)
        {
            throw new AggregateException(failures);
        }
    }

    private Task ThreadPoolAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(urls.Select(url => Task.Run(() => Download(url, cancellationToken), cancellationToken)));

    private Task ParallelForEachDefaultAsync(CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(urls, cancellationToken, async (url, token) => await DownloadAsync(url, token));

    private Task ParallelForEachAsync(CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = limit, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(urls, options, async (url, token) => await DownloadAsync(url, token));
    }

    private async Task SemaphoreWhenAllAsync(CancellationToken cancellationToken)
    {
        using var semaphore = new SemaphoreSlim(limit);
        await Task.WhenAll(urls.Select(async url =>
        {
            await semaphore.WaitAsync(cancellationToken);
            try
            {
                await DownloadAsync(url, cancellationToken);
            }
            finally
            {
                semaphore.Release();
            }
        }));
    }

    private Task WhenAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(urls.Select(url => DownloadAsync(url, cancellationToken)));

    private Task AsyncKitAsync(CancellationToken cancellationToken) =>
        urls.FanOutAsync(limit, DownloadAsync, cancellationToken);

    private Task<DownloadResult[]> DownloadsAsync(CancellationToken cancellationToken) => client.DownloadAllAsync(
        urls.Select(url => new Uri(client.BaseAddress!, url)), _folder, limit, cancellationToken);

    private async Task DownloadAsync(string url, CancellationToken cancellationToken)
    {
        await using var body = await client.GetStreamAsync(url, cancellationToken);
        await using var file = new FileStream(
            Target(url), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        await body.CopyToAsync(file, cancellationToken);
    }

    private void Download(string url, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var body = response.Content.ReadAsStream(cancellationToken);
        using var file = new FileStream(
            Target(url), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        body.CopyTo(file);
    }

    private string Target(string url) => Path.Combine(_folder, Path.GetFileName(url));
}
