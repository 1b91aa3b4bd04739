using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace AsyncKit.Benchmarks;

/// <summary>
/// The hidden <c>serve</c> command: a slow web server on a free loopback port. It exits when its standard input closes.
/// </summary>
internal static class ServerProgram
{
    /// <summary>The text that the server writes, followed by its port, when it is ready.</summary>
    public const string ReadyPrefix = "listening ";

    /// <summary>The path of an empty, late response: requests sent together each need a separate connection.</summary>
    public const string ConnectPath = "connect";

    /// <summary>The path of the most requests at the same time since the last call of this path.</summary>
    public const string PeakPath = "peak";

    /// <summary>The path of the blocking calls, followed by a number.</summary>
    public const string CallsPath = "calls";

    /// <summary>The path of a small delayed text, followed by the delay in milliseconds.</summary>
    public const string SmallPath = "small";

    /// <summary>The path of a stream of zeros at full speed, followed by the number of bytes.</summary>
    public const string ZerosPath = "zeros";

    private const int ConnectMs = 10;
    private const int ChunkBytes = 64 * 1024;

    private static readonly byte[] Small = [.. "The answer to a small request, of one hundred bytes or so: "u8, .. new byte[41]];

    public static int Run(string[] args)
    {
        if (args is not [var text] || !int.TryParse(text, CultureInfo.InvariantCulture, out var latencyMs))
        {
            Console.Error.WriteLine("serve is the server that the comparison starts for itself: serve LATENCY-MS");
            return 2;
        }

        // Ctrl-C reaches the whole process group, but the parent still needs the server to complete its requests.
        using var ignored = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        RunAsync(new Pacing(latencyMs)).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(Pacing pacing)
    {
        var pages = CreateAll(HtmlPages.Distinct, HtmlPages.Create);
        var files = CreateAll(PdfFiles.Distinct, PdfFiles.Create);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, ParentLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MinResponseDataRate = null;
        });
        await using var app = builder.Build();
        var load = new ServerLoad();
        app.Use(load.CountAsync);
        app.MapGet($"/{PeakPath}", load.TakePeak);
        app.MapGet("/pages/{index:int}", (int index, HttpContext http) =>
            SendPageAsync(http, pacing.PageLatency(index), pages[index % pages.Length]));
        app.MapGet("/files/{index:int}.pdf", (int index, HttpContext http) =>
            SendFileAsync(http, pacing, files[index % files.Length]));
        app.MapGet($"/{CallsPath}/{{index:int}}", (int index, HttpContext http) => AnswerAsync(http, pacing, index));
        app.MapGet($"/{SmallPath}/{{delayMs:int}}", (int delayMs, HttpContext http) => SendSmallAsync(http, delayMs));
        app.MapGet($"/{ZerosPath}/{{count:long}}", (long count, HttpContext http) => SendZerosAsync(http, count));
        app.MapGet($"/{ConnectPath}", (HttpContext http) => Task.Delay(ConnectMs, http.RequestAborted));
        await app.StartAsync();
        Console.WriteLine(ReadyPrefix + new Uri(app.Urls.First()).Port.ToString(CultureInfo.InvariantCulture));
        await Console.OpenStandardInput().CopyToAsync(Stream.Null);
    }

    private static byte[][] CreateAll(int count, Func<int, byte[]> create) =>
        [.. Enumerable.Range(0, count).AsParallel().AsOrdered().Select(create)];

    private static async Task SendPageAsync(HttpContext http, TimeSpan latency, byte[] page)
    {
        await Task.Delay(latency, http.RequestAborted);
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.ContentLength = page.Length;
        await http.Response.Body.WriteAsync(page, http.RequestAborted);
    }

    private static async Task SendSmallAsync(HttpContext http, int delayMs)
    {
        if (delayMs > 0)
        {
            await Task.Delay(delayMs, http.RequestAborted);
        }

        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = Small.Length;
        await http.Response.Body.WriteAsync(Small, http.RequestAborted);
    }

    private static async Task SendZerosAsync(HttpContext http, long count)
    {
        http.Response.ContentLength = count;
        http.Response.Headers.ETag = "\"zeros\"";
        for (var chunk = new byte[ChunkBytes]; count > 0; count -= chunk.Length)
        {
            await http.Response.Body.WriteAsync(
                chunk.AsMemory(0, (int)Math.Min(count, chunk.Length)), http.RequestAborted);
        }
    }

    private static async Task AnswerAsync(HttpContext http, Pacing pacing, int index)
    {
        var answer = BlockingCalls.Answer(BlockingCalls.Path(index));
        await Task.Delay(pacing.CallLatency, http.RequestAborted);
        http.Response.ContentLength = answer.Length;
        await http.Response.Body.WriteAsync(answer, http.RequestAborted);
    }

    private static async Task SendFileAsync(HttpContext http, Pacing pacing, byte[] file)
    {
        var started = Stopwatch.GetTimestamp();
        http.Response.ContentType = "application/pdf";
        http.Response.ContentLength = file.Length;
        for (var sent = 0; sent < file.Length;)
        {
            var next = Math.Min(sent + ChunkBytes, file.Length);
            // Each chunk has a fixed time on the schedule of the whole file, so late timers do not add up.
            var due = pacing.FileLatency + pacing.FileTransfer * ((double)next / file.Length);
            var wait = due - Stopwatch.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, http.RequestAborted);
            }

            await http.Response.Body.WriteAsync(file.AsMemory(sent..next), http.RequestAborted);
            sent = next;
        }
    }
}
