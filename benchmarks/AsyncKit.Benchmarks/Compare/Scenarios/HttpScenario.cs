using System.Collections.Concurrent;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Fetch many HTML pages and read each of them: the same work in eight ways.</summary>
internal sealed class HttpScenario(HttpClient client, string[] urls, int limit) : Scenario
{
    private Fetched[] _pages = [];

    public static ScenarioKind Kind { get; } = new()
    {
        Name = "http",
        DefaultItems = 200,
        QuickItems = 130,
        Things = "pages",
        Work = "Fetch HTML pages of 20 to 200 KB, find the title of each and count its links. Every tenth page is slow.",
        Variants = FetchVariants.All,
        Explain = FetchVariants.Explain,
        Hero = Variant.AsyncKit,
        Headline = FetchVariants.Headline("fetched"),
        NeverBlocks = [Variant.AsyncKit],
        WarmsUpBriefly = FetchVariants.Slow,
        Expected = Expected,
        Url = Url,
        UsesClient = true,
        Open = static (client, urls, limit) => new HttpScenario(client, urls, limit),
    };

    private static string Url(int index) => string.Create(CultureInfo.InvariantCulture, $"pages/{index}");

    private static Fetched Expected(int index) =>
        Fetched.FromPage(Url(index), HtmlPages.Create(index));

    public override async Task RunAsync(Variant variant, CancellationToken cancellationToken) =>
        _pages = variant switch
        {
            Variant.Sequential => Sequential(cancellationToken),
            Variant.Threads => Threads(cancellationToken),
            Variant.ThreadPool => await ThreadPoolAsync(cancellationToken),
            Variant.ParallelForEachDefault => await ParallelForEachDefaultAsync(cancellationToken),
            Variant.ParallelForEach => await ParallelForEachAsync(cancellationToken),
            Variant.SemaphoreWhenAll => await SemaphoreWhenAllAsync(cancellationToken),
            Variant.WhenAll => await WhenAllAsync(cancellationToken),
            _ => await AsyncKitAsync(cancellationToken),
        };

    public override Fetched[] Results() => _pages;

    private Fetched[] Sequential(CancellationToken cancellationToken) =>
        [.. urls.Select(url => Fetch(url, cancellationToken))];

    private Fetched[] Threads(CancellationToken cancellationToken)
    {
        var pages = new Fetched[urls.Length];
        var failures = new ConcurrentQueue<Exception>();
        var threads = urls.Select((url, index) => new Thread(() =>
        {
            // An unhandled exception on a thread would end the process.
            try
            {
                pages[index] = Fetch(url, cancellationToken);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return failures.IsEmpty ? pages : throw new AggregateException(failures);
    }

    private Task<Fetched[]> ThreadPoolAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(urls.Select(url => Task.Run(() => Fetch(url, cancellationToken), cancellationToken)));

    private async Task<Fetched[]> ParallelForEachDefaultAsync(CancellationToken cancellationToken)
    {
        var pages = new Fetched[urls.Length];
        await Parallel.ForEachAsync(urls.Index(), cancellationToken, async (item, token) =>
            pages[item.Index] = await FetchAsync(item.Item, token));
        return pages;
    }

    private async Task<Fetched[]> ParallelForEachAsync(CancellationToken cancellationToken)
    {
        var pages = new Fetched[urls.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = limit, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(urls.Index(), options, async (item, token) =>
            pages[item.Index] = await FetchAsync(item.Item, token));
        return pages;
    }

    private async Task<Fetched[]> SemaphoreWhenAllAsync(CancellationToken cancellationToken)
    {
        using var semaphore = new SemaphoreSlim(limit);
        return await Task.WhenAll(urls.Select(async url =>
        {
            await semaphore.WaitAsync(cancellationToken);
            try
            {
                return await FetchAsync(url, cancellationToken);
            }
            finally
            {
                semaphore.Release();
            }
        }));
    }

    private Task<Fetched[]> WhenAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(urls.Select(url => FetchAsync(url, cancellationToken)));

    private Task<Fetched[]> AsyncKitAsync(CancellationToken cancellationToken) =>
        urls.FanOutAsync(limit, FetchAsync, cancellationToken);

    private async Task<Fetched> FetchAsync(string url, CancellationToken cancellationToken) =>
        Fetched.FromPage(url, await client.GetByteArrayAsync(url, cancellationToken));

    private Fetched Fetch(string url, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var body = response.Content.ReadAsStream(cancellationToken);
        var html = new byte[response.Content.Headers.ContentLength ?? 0];
        body.ReadExactly(html);
        return Fetched.FromPage(url, html);
    }
}
