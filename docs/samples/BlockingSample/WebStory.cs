using System.Diagnostics;
using AsyncKit;
using AsyncKit.Diagnostics;
using AsyncKit.Hosting;

namespace BlockingSample;

/// <summary>A web service whose orders need a supplier that hangs, and the time that a ping takes while it hangs.</summary>
internal static class WebStory
{
    private static readonly int Calls = 20 * Environment.ProcessorCount; // The thread pool starts with a thread per processor.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(4);

    /// <param name="path">The endpoint for the orders.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string path)
    {
        using var supplier = new SlowSupplier();
        using var found = new ManualResetEventSlim();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddBlockingLane("supplier", maxThreads: Calls);
        builder.Services.AddBlockingDetector(new BlockingDetectorOptions
        {
            ReportInterval = TimeSpan.FromSeconds(30),
            OnBlocking = finding =>
            {
                if (finding.StackTrace?.Contains(nameof(SlowSupplier.Order), StringComparison.Ordinal) == true)
                {
                    found.Set();
                }
            },
        });

        await using var app = builder.Build();
        app.MapGet("/ping", () => "pong");
        app.MapGet("/orders", supplier.Order); // Blocks a thread of the thread pool.
        app.MapGet("/orders-on-lane", ([FromKeyedServices("supplier")] BlockingLane lane) => lane.RunAsync(supplier.Order));
        await app.StartAsync();

        // The callers have their own threads, as if they were other machines.
        await Offload.RunAsync(() => Measure(new Uri(app.Urls.First()), path, supplier, found));
        await app.StopAsync();
        return 0;
    }

    private static void Measure(Uri address, string path, SlowSupplier supplier, ManualResetEventSlim found)
    {
        for (var warmUp = 0; warmUp < 50; warmUp++)
        {
            PlainHttp.Get(address, "/ping");
        }

        Console.WriteLine($"/ping took {Time(() => PlainHttp.Get(address, "/ping")):0} ms.");

        using var sent = new CountdownEvent(Calls);
        var callers = Enumerable.Range(0, Calls).Select(_ => Start(() => PlainHttp.Get(address, path, () => sent.Signal()))).ToList();
        sent.Wait();
        SpinWait.SpinUntil(() => supplier.Waiting > 0);
        Console.WriteLine($"{Calls} requests for {path} wait for a supplier that hangs.");

        var since = Stopwatch.GetTimestamp();
        var (milliseconds, hasWaited) = (0.0, false);
        var ping = Start(() =>
        {
            milliseconds = Time(() => PlainHttp.Get(address, "/ping"));
            hasWaited = supplier.HasAnswered;
        });
        SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(10);
            return Stopwatch.GetElapsedTime(since) > Hang && (found.IsSet || !ping.IsAlive);
        });
        supplier.Answer();
        ping.Join();
        callers.ForEach(caller => caller.Join());
        Console.WriteLine(
            $"/ping took {milliseconds:0} ms: it was answered {(hasWaited ? "after" : "before")} the supplier answered.");
    }

    private static double Time(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static Thread Start(Action action)
    {
        var thread = new Thread(() => action()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
