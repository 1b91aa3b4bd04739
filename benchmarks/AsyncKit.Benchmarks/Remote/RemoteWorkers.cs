using System.Diagnostics;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Worker processes of the remote benchmark. They stop when their standard input ends.</summary>
internal sealed class RemoteWorkers : IDisposable
{
    private readonly List<Process> _processes = [];
    private readonly Func<Process> _start;
    private int _items;
    private string _last = "";

    private RemoteWorkers(Func<Process> start) => _start = start;

    /// <summary>The number of items that the workers have started.</summary>
    public int Items => Volatile.Read(ref _items);

    /// <summary>The last line of the worker that printed another one than the start of an item.</summary>
    public string Last => Volatile.Read(ref _last);

    /// <summary>The processor time of the workers that run.</summary>
    public TimeSpan Cpu => TimeSpan.FromTicks(_processes.Where(process => !process.HasExited).Sum(process =>
    {
        process.Refresh();
        return process.TotalProcessorTime.Ticks;
    }));

    /// <param name="kind">"worker", or "raw" for one by hand.</param>
    /// <param name="broker">The address of the broker.</param>
    /// <param name="name">The name of the operation, or of the queue by hand.</param>
    /// <param name="count">The number of processes.</param>
    /// <param name="limit">The items of each at a time.</param>
    /// <param name="lookahead">The items that each may hold above that.</param>
    public static async Task<RemoteWorkers> StartAsync(
        string kind, Uri broker, string name, int count, int limit, int lookahead)
    {
        var workers = new RemoteWorkers(() =>
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            if (string.Equals(Path.GetFileNameWithoutExtension(Environment.ProcessPath), "dotnet", StringComparison.Ordinal))
            {
                start.ArgumentList.Add(typeof(RemoteWorkers).Assembly.Location);
            }

            string[] arguments =
            [
                "remote",
                kind,
                broker.OriginalString,
                name,
                limit.ToString(CultureInfo.InvariantCulture),
                lookahead.ToString(CultureInfo.InvariantCulture),
            ];
            Array.ForEach(arguments, start.ArgumentList.Add);
            return Process.Start(start)!;
        });
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => workers.AddAsync()));
        return workers;
    }

    /// <summary>Starts one more worker, and completes when it serves.</summary>
    public async Task AddAsync()
    {
        var process = _start();
        _processes.Add(process);
        var isServing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            switch (line.Data)
            {
                case "serving":
                    isServing.TrySetResult();
                    break;
                case "item":
                    Interlocked.Increment(ref _items);
                    break;
                case null:
                    isServing.TrySetException(new InvalidOperationException("A worker exited."));
                    break;
                case var other:
                    Volatile.Write(ref _last, other);
                    break;
            }
        };
        process.BeginOutputReadLine();
        await isServing.Task;
    }

    public async Task KillFirstAsync()
    {
        var killed = _processes[0];
        _processes.RemoveAt(0);
        killed.Kill();
        await killed.WaitForExitAsync();
        killed.Dispose();
    }

    /// <summary>Lets the workers drain, and counts every item that they started.</summary>
    public async Task StopAsync()
    {
        _processes.ForEach(process => process.StandardInput.Close());
        await Task.WhenAll(_processes.Select(process => process.WaitForExitAsync()));
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.Dispose();
        }
    }
}
