using System.Diagnostics;
using System.Globalization;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Measures the download of one large file and the additional memory of the process.</summary>
internal static class HttpDownload
{
    private const long Bytes = 1L << 30;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public static async Task<IEnumerable<string>> RunAsync(Uri server)
    {
        using var client = Clients.Create(server);
        var folder = Directory.CreateTempSubdirectory("asynckit-http-").FullName;
        try
        {
            var (small, large) = (Zeros(server, 1L << 26), Zeros(server, Bytes));
            List<string> rows = [];
            foreach (var (name, runAsync) in ((string, Func<Uri, string, Task>)[])
                [
                    ("DownloadAsync", (uri, path) => client.DownloadAsync(uri, path)),
                    ("GetStreamAsync + CopyToAsync", (uri, path) => CopyAsync(client, uri, path)),
                    ("GetByteArrayAsync + WriteAllBytesAsync", (uri, path) => BufferAsync(client, uri, path)),
                ])
            {
                var path = Path.Combine(folder, "file.bin");
                await runAsync(small, path); // The warm-up.
                File.Delete(path);
                rows.Add(await RowAsync(name, () => runAsync(large, path)));
                if (new FileInfo(path).Length != Bytes)
                {
                    throw new InvalidOperationException($"{name} has a wrong result.");
                }

                File.Delete(path);
            }

            return
            [
                "",
                "## A file of 1 GiB",
                "",
                "The most that was in use above what was in use before, sampled every 10 ms. `DownloadAsync` also flushes the file",
                "to the disk.",
                "",
                "| Variant | Time | Managed memory | Working set | Allocated |",
                "|---|---:|---:|---:|---:|",
                .. rows,
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Uri Zeros(Uri server, long bytes) =>
        new(server, string.Create(CultureInfo.InvariantCulture, $"{ServerProgram.ZerosPath}/{bytes}"));

    private static async Task<string> RowAsync(string name, Func<Task> runAsync)
    {
        Quiet.Settle();
        using var gauge = new ProcessGauge();
        var (live, workingSet) = (GC.GetTotalMemory(forceFullCollection: true), gauge.Read().WorkingSet);
        var (mostLive, mostWorkingSet) = (live, workingSet);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var watch = Stopwatch.StartNew();
        var run = runAsync();
        while (!run.IsCompleted)
        {
            mostLive = Math.Max(mostLive, GC.GetTotalMemory(forceFullCollection: false));
            mostWorkingSet = Math.Max(mostWorkingSet, gauge.Read().WorkingSet);
            await Task.WhenAny(run, Task.Delay(Interval));
        }

        await run;
        var elapsed = watch.Elapsed;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {elapsed.TotalSeconds:0.00} s | {Units.Megabytes(mostLive - live)} | {Units.Megabytes(mostWorkingSet - workingSet)} | {Units.Megabytes(allocated)} |");
    }

    private static async Task CopyAsync(HttpClient client, Uri uri, string path)
    {
        await using var body = await client.GetStreamAsync(uri);
        await using var file = new FileStream(
            path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        await body.CopyToAsync(file);
    }

    private static async Task BufferAsync(HttpClient client, Uri uri, string path) =>
        await File.WriteAllBytesAsync(path, await client.GetByteArrayAsync(uri));
}
