using System.Globalization;

namespace AsyncKit.Hosting.Tests;

/// <summary>A sample with a web server on a free port, as a separate process.</summary>
internal sealed class WebSample : IDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly SampleProcess _process;

    private WebSample(SampleProcess process, Uri address) =>
        (_process, Client) = (process, new HttpClient { BaseAddress = address });

    public HttpClient Client { get; }

    public static async Task<WebSample> StartAsync(string sample, params string[] arguments)
    {
        var process = SampleProcess.Start(
            sample, ["--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information", .. arguments]);
        var line = await process.LineAsync(line => line.Contains(Listening, StringComparison.Ordinal));
        return new WebSample(process, new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..]));
    }

    /// <summary>Sends SIGTERM and returns the exit code and the number after "stored".</summary>
    public async Task<(int Code, int Stored)> StopAsync()
    {
        _process.Signal("TERM");
        var (code, output) = await _process.EndAsync();
        var last = output.Split('\n').LastOrDefault(line => line.StartsWith("stored ", StringComparison.Ordinal)) ?? "stored -1";
        return (code, int.Parse(last.AsSpan("stored ".Length), CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Dispose();
    }
}
