using System.Diagnostics;
using AsyncKit.RabbitMQ;

namespace AsyncKit.Benchmarks;

/// <summary>Measures remote fan-outs: throughput, and the processor time of each side.</summary>
internal sealed class RemoteRuns(Uri broker, RabbitRemote remote, string name)
{
    public const int Limit = 200;
    public const int PerWorker = 16;

    /// <summary>The look-ahead of workers that have one.</summary>
    public const int Lookahead = 48;

    public Func<RemoteJob, CancellationToken, ValueTask<string>> Operation { get; } =
        remote.Operation(name, RemoteJson.Default.RemoteJob, RemoteJson.Default.String);

    public static void Check(RemoteJob[] items, string[] results)
    {
        if (!items.Select(item => item.Text).SequenceEqual(results, StringComparer.Ordinal))
        {
            throw new InvalidOperationException("A run has wrong results.");
        }
    }

    /// <summary>Items per second of a fan-out on this machine.</summary>
    public static async Task<double> LocalAsync(RemoteJob[] items, int limit)
    {
        var watch = Stopwatch.StartNew();
        Check(items, await items.FanOutAsync(limit, (item, token) => item.RunAsync(token)));
        return items.Length / watch.Elapsed.TotalSeconds;
    }

    public Task<RemoteWorkers> StartAsync(int count, string kind = "worker", int lookahead = 0) =>
        RemoteWorkers.StartAsync(kind, broker, name, count, PerWorker, lookahead);

    public async Task<RemoteRun> RunAsync(RemoteJob[] items, RemoteWorkers workers)
    {
        var (client, serving, server) = (Environment.CpuUsage.TotalTime, workers.Cpu, BrokerCpu());
        var watch = Stopwatch.StartNew();
        var results = await items.FanOutAsync(Limit, Operation);
        var elapsed = watch.Elapsed;
        Check(items, results);
        return new RemoteRun(
            items.Length / elapsed.TotalSeconds,
            Cores(Environment.CpuUsage.TotalTime - client, elapsed),
            Cores(workers.Cpu - serving, elapsed),
            server is { } before && BrokerCpu() is { } after ? Cores(after - before, elapsed) : null);
    }

    private static double Cores(TimeSpan cpu, TimeSpan elapsed) => cpu / elapsed;

    /// <summary>The processor time of the only broker on this machine, or null.</summary>
    private static TimeSpan? BrokerCpu()
    {
        var processes = Process.GetProcessesByName("beam.smp");
        var cpu = processes is [var only] ? only.TotalProcessorTime : (TimeSpan?)null;
        Array.ForEach(processes, process => process.Dispose());
        return cpu;
    }
}
