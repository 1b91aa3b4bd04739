using System.Collections.Concurrent;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Fetch many HTML pages and read each of them, in eight ways.</summary>
internal sealed class HttpScenario(ComparisonScenario<string> scenario, SharedServer server)
{
    private readonly int _limit = scenario.Settings.Concurrency;
    private Fetched[] _expected = [];
    private HttpClient _client = null!;

    public static IReadOnlyList<string> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? (settings.IsQuick ? 130 : 200)).Select(Url)];

    public void Describe()
    {
        scenario
            .Question("How long does it take to fetch many web pages, if every tenth page is five times as slow?")
            .Answer("Concurrency brought {speedup:Parallel.ForEachAsync, limit}. AsyncKit keeps it ({speedup:AsyncKit FanOutAsync}), with results in order, "
                + "{Peak load:AsyncKit FanOutAsync} requests at once at most, and failures intact.")
            .Setup(_ => server.StartAsync(scenario.Settings))
            .EachRound(OpenAsync, CloseAsync)
            .Metric(
                "Peak load",
                "The most requests that the server had at the same time, in any round.",
                () => server.TakePeakLoad())
            .Verify<IEnumerable<Fetched>>(Difference)
            .Inspect(BlockingWatch.InspectAsync);
        AddBlocking();
        AddConcurrent();
    }

    private void AddBlocking() => scenario
        .Baseline(
            "one by one",
            (urls, ct) => Task.FromResult(urls.Select(url => Fetch(url, ct)).ToArray()),
            new VariantNotes { How = "a loop around the blocking HttpClient.Send", AtOnce = "1" })
        .Variant(
            "one thread per item",
            (urls, ct) =>
            {
                var pages = new Fetched[urls.Count];
                var failures = new ConcurrentQueue<Exception>();
                var threads = urls.Select((url, index) => new Thread(() =>
                {
                    // An unhandled exception on a thread would end the process.
                    try
                    {
                        pages[index] = Fetch(url, ct);
                    }
                    catch (Exception exception)
                    {
                        failures.Enqueue(exception);
                    }
                })).ToList();
                threads.ForEach(thread => thread.Start());
                threads.ForEach(thread => thread.Join());
                return failures.IsEmpty ? Task.FromResult(pages) : throw new AggregateException(failures);
            },
            new VariantNotes
            {
                How = "a Thread for every item, each in the blocking call",
                AtOnce = "all",
                Caveat = "a thread and a connection for every item",
            })
        .Variant(
            "Task.Run",
            (urls, ct) => Task.WhenAll(urls.Select(url => Task.Run(() => Fetch(url, ct), ct))),
            new VariantNotes { How = "Task.Run around the blocking call", AtOnce = "the thread pool decides" });

    private void AddConcurrent() => scenario
        .Variant(
            "Parallel.ForEachAsync, default",
            async (urls, ct) =>
            {
                var pages = new Fetched[urls.Count];
                await Parallel.ForEachAsync(urls.Index(), ct, async (item, token) =>
                    pages[item.Index] = await FetchAsync(item.Item, token));
                return pages;
            },
            new VariantNotes { How = "async calls, no limit given", AtOnce = "the number of cores" })
        .Variant(
            "Parallel.ForEachAsync, limit",
            async (urls, ct) =>
            {
                var pages = new Fetched[urls.Count];
                var options = new ParallelOptions { MaxDegreeOfParallelism = _limit, CancellationToken = ct };
                await Parallel.ForEachAsync(urls.Index(), options, async (item, token) =>
                    pages[item.Index] = await FetchAsync(item.Item, token));
                return pages;
            },
            new VariantNotes { How = "async calls, results stored by index", AtOnce = Limit })
        .Variant(
            "SemaphoreSlim + WhenAll",
            async (urls, ct) =>
            {
                using var semaphore = new SemaphoreSlim(_limit);
                return await Task.WhenAll(urls.Select(async url =>
                {
                    await semaphore.WaitAsync(ct);
                    try
                    {
                        return await FetchAsync(url, ct);
                    }
                    finally
                    {
                        semaphore.Release();
                    }
                }));
            },
            new VariantNotes { How = "async calls, a task per item behind a semaphore", AtOnce = Limit })
        .Variant(
            "WhenAll, unbounded",
            (urls, ct) => Task.WhenAll(urls.Select(url => FetchAsync(url, ct))),
            new VariantNotes
            {
                How = "async calls, all of them at once",
                AtOnce = "all",
                Caveat = "a connection for every item, and nothing protects the server",
            })
        .Variant(
            "AsyncKit FanOutAsync",
            (urls, ct) => urls.FanOutAsync(_limit, FetchAsync, ct),
            new VariantNotes { How = "async calls", AtOnce = Limit, IsEmphasized = true });

    private string Limit => _limit.ToString(CultureInfo.InvariantCulture);

    private async Task OpenAsync(IReadOnlyList<string> urls, CancellationToken cancellationToken)
    {
        _client = Clients.Create(server.Address);
        await Clients.ConnectAsync(_client, Math.Min(urls.Count, _limit), cancellationToken);
        server.TakePeakLoad();
    }

    private Task CloseAsync()
    {
        _client.Dispose();
        return Task.CompletedTask;
    }

    private async Task<Fetched> FetchAsync(string url, CancellationToken cancellationToken)
    {
        using var timer = scenario.TimeItem();
        return Fetched.FromPage(url, await _client.GetByteArrayAsync(url, cancellationToken));
    }

    private Fetched Fetch(string url, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var timer = scenario.TimeItem();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var body = response.Content.ReadAsStream(cancellationToken);
        var html = new byte[response.Content.Headers.ContentLength ?? 0];
        body.ReadExactly(html);
        return Fetched.FromPage(url, html);
    }

    private string? Difference(IReadOnlyList<string> urls, IEnumerable<Fetched> pages)
    {
        if (_expected.Length == 0)
        {
            _expected = [.. urls.Select((url, index) => Fetched.FromPage(url, HtmlPages.Create(index)))];
        }

        return Fetched.Difference(_expected, pages);
    }

    private static string Url(int index) => string.Create(CultureInfo.InvariantCulture, $"pages/{index}");
}
