using System.Collections.Concurrent;
using System.Globalization;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Download PDF files into a folder, the classic example, in nine ways.</summary>
internal sealed class DownloadScenario(ComparisonScenario<string> scenario, SharedServer server)
{
    private readonly int _limit = scenario.Settings.Concurrency;
    private Fetched[] _expected = [];
    private HttpClient _client = null!;
    private string _folder = "";

    public static IReadOnlyList<string> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? 10).Select(Url)];

    public void Describe()
    {
        scenario
            .Question("How long does it take to download PDF files of 1 to 3 MB over a slow line, and to save them?")
            .Answer("Concurrency brought {speedup:Parallel.ForEachAsync, limit}, one request for each file. AsyncKit keeps "
                + "it ({speedup:AsyncKit FanOutAsync}). DownloadAllAsync also resumes, flushes and renames, in "
                + "{time:AsyncKit DownloadAllAsync} instead of {time:AsyncKit FanOutAsync}.")
            .Setup(_ => server.StartAsync(scenario.Settings))
            .EachRound(OpenAsync, CloseAsync)
            .Metric(
                "Peak load",
                "The most requests that the server had at the same time, in any round.",
                () => server.TakePeakLoad())
            .Verify(Difference)
            .Inspect(BlockingWatch.InspectAsync);
        AddBlocking();
        AddConcurrent();
    }

    private void AddBlocking() => scenario
        .Baseline(
            "one by one",
            (urls, ct) =>
            {
                foreach (var url in urls)
                {
                    Save(url, ct);
                }

                return Task.CompletedTask;
            },
            new VariantNotes { How = "a loop around the blocking HttpClient.Send", AtOnce = "1" })
        .Variant(
            "one thread per item",
            (urls, ct) =>
            {
                var failures = new ConcurrentQueue<Exception>();
                var threads = urls.Select(url => new Thread(() =>
                {
                    // An unhandled exception on a thread would end the process.
                    try
                    {
                        Save(url, ct);
                    }
                    catch (Exception exception)
                    {
                        failures.Enqueue(exception);
                    }
                })).ToList();
                threads.ForEach(thread => thread.Start());
                threads.ForEach(thread => thread.Join());
                return failures.IsEmpty ? Task.CompletedTask : throw new AggregateException(failures);
            },
            new VariantNotes { How = "a Thread for every file", AtOnce = "all", Caveat = "a thread for every file" })
        .Variant(
            "Task.Run",
            (urls, ct) => Task.WhenAll(urls.Select(url => Task.Run(() => Save(url, ct), ct))),
            new VariantNotes { How = "Task.Run around the blocking call", AtOnce = "the thread pool decides" });

    private void AddConcurrent() => scenario
        .Variant(
            "Parallel.ForEachAsync, default",
            (urls, ct) => Parallel.ForEachAsync(urls, ct, async (url, token) => await DownloadAsync(url, token)),
            new VariantNotes { How = "async calls, no limit given", AtOnce = "the number of cores" })
        .Variant(
            "Parallel.ForEachAsync, limit",
            (urls, ct) =>
            {
                var options = new ParallelOptions { MaxDegreeOfParallelism = _limit, CancellationToken = ct };
                return Parallel.ForEachAsync(urls, options, async (url, token) => await DownloadAsync(url, token));
            },
            new VariantNotes { How = "async calls", AtOnce = Limit })
        .Variant(
            "SemaphoreSlim + WhenAll",
            async (urls, ct) =>
            {
                using var semaphore = new SemaphoreSlim(_limit);
                await Task.WhenAll(urls.Select(async url =>
                {
                    await semaphore.WaitAsync(ct);
                    try
                    {
                        await DownloadAsync(url, ct);
                    }
                    finally
                    {
                        semaphore.Release();
                    }
                }));
            },
            new VariantNotes { How = "async calls, a task per file behind a semaphore", AtOnce = Limit })
        .Variant(
            "WhenAll, unbounded",
            (urls, ct) => Task.WhenAll(urls.Select(url => DownloadAsync(url, ct))),
            new VariantNotes { How = "async calls, all of them at once", AtOnce = "all", Caveat = "a connection for every file" })
        .Variant(
            "AsyncKit FanOutAsync",
            (urls, ct) => urls.FanOutAsync(_limit, DownloadAsync, ct),
            new VariantNotes { How = "async calls", AtOnce = Limit, IsEmphasized = true })
        .Variant(
            "AsyncKit DownloadAllAsync",
            (urls, ct) => _client.DownloadAllAsync(urls.Select(url => new Uri(_client.BaseAddress!, url)), _folder, _limit, ct),
            new VariantNotes
            {
                How = "resumable, flushed to the disk, renamed when complete",
                AtOnce = Limit,
                IsEmphasized = true,
            });

    private string Limit => _limit.ToString(CultureInfo.InvariantCulture);

    private async Task OpenAsync(IReadOnlyList<string> urls, CancellationToken cancellationToken)
    {
        _folder = Directory.CreateTempSubdirectory("asynckit-download-").FullName;
        _client = Clients.Create(server.Address);
        await Clients.ConnectAsync(_client, Math.Min(urls.Count, _limit), cancellationToken);
        server.TakePeakLoad();
    }

    private Task CloseAsync()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    private async Task DownloadAsync(string url, CancellationToken cancellationToken)
    {
        await using var body = await _client.GetStreamAsync(url, cancellationToken);
        await using var file = new FileStream(
            Target(url), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        await body.CopyToAsync(file, cancellationToken);
    }

    private void Save(string url, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var body = response.Content.ReadAsStream(cancellationToken);
        using var file = new FileStream(
            Target(url), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        body.CopyTo(file);
    }

    private string? Difference(IReadOnlyList<string> urls)
    {
        if (_expected.Length == 0)
        {
            _expected = [.. urls.Select((url, index) => Fetched.FromFile(url, PdfFiles.Create(index)))];
        }

        return Fetched.Difference(_expected, urls.Select(url => Fetched.FromFile(url, File.ReadAllBytes(Target(url)))));
    }

    private string Target(string url) => Path.Combine(_folder, Path.GetFileName(url));

    private static string Url(int index) => string.Create(CultureInfo.InvariantCulture, $"files/{index}.pdf");
}
