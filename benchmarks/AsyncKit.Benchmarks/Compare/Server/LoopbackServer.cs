using System.Diagnostics;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>The server from the view of its parent: a child process with an address. Disposing this object ends
/// it.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly Process _process;

    private LoopbackServer(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <exception cref="InvalidOperationException">The server did not start.</exception>
    public static LoopbackServer Start(Pacing pacing)
    {
        var process = Process.Start(Command(pacing))
            ?? throw new InvalidOperationException("The server process could not be started.");
        try
        {
            return new LoopbackServer(process, new Uri($"http://127.0.0.1:{ReadPort(process)}/"));
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(StopLimit))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static ProcessStartInfo Command(Pacing pacing)
    {
        var program = Environment.ProcessPath
            ?? throw new InvalidOperationException("The path of this program is not known.");
        // Standard error is inherited, so errors of the server appear in the output of the comparison.
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (string.Equals(Path.GetFileNameWithoutExtension(program), "dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(typeof(LoopbackServer).Assembly.Location);
        }

        start.ArgumentList.Add("serve");
        start.ArgumentList.Add(pacing.LatencyMs.ToString(CultureInfo.InvariantCulture));
        return start;
    }

    private static int ReadPort(Process process)
    {
        var reading = process.StandardOutput.ReadLineAsync();
        if (!reading.Wait(StartLimit))
        {
            throw new InvalidOperationException(
                $"The server did not start within {StartLimit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.");
        }

        const string Ready = ServerProgram.ReadyPrefix;
        return reading.Result is { } line && line.StartsWith(Ready, StringComparison.Ordinal)
            ? int.Parse(line.AsSpan(Ready.Length), CultureInfo.InvariantCulture)
            : throw new InvalidOperationException("The server ended before it was ready.");
    }
}
