using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>A process of <see cref="WorkerProgram"/>. Disposing it kills the process.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _isServing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _hasStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _lines = [];

    public WorkerProcess(Uri broker, string name, int limit, int milliseconds, int maxDeliveries = 5)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            typeof(WorkerProcess).Assembly.Location,
            broker.OriginalString,
            name,
            limit.ToString(CultureInfo.InvariantCulture),
            milliseconds.ToString(CultureInfo.InvariantCulture),
            maxDeliveries.ToString(CultureInfo.InvariantCulture),
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Task ServingAsync => _isServing.Task.OrHangs();

    /// <summary>Completes when the process has started an item.</summary>
    public Task StartedAsync => _hasStarted.Task.OrHangs();

    /// <summary>How often the process started an item.</summary>
    public int Starts => _lines.Count(line => line.StartsWith("start", StringComparison.Ordinal));

    public bool HasDrained => _lines.Contains("drained", StringComparer.Ordinal);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().OrHangs();
    }

    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().OrHangs();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void OnLine(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
            (line.StartsWith("start", StringComparison.Ordinal) ? _hasStarted : _isServing).TrySetResult();
        }
    }
}
