using AsyncKit.RabbitMQ;

namespace AsyncKit.Benchmarks;

/// <summary>Items that need a slot for 50 ms, in this process and in worker processes behind a broker.</summary>
internal sealed class RemoteScenario(ComparisonScenario<RemoteJob> scenario, Uri broker)
{
    private const int Milliseconds = 50;
    private const int Workers = 3;

    private readonly string[] _names = [$"compare-{Guid.NewGuid():N}", $"compare-{Guid.NewGuid():N}"];
    private readonly List<RemoteWorkers> _workers = [];
    private readonly List<Func<RemoteJob, CancellationToken, ValueTask<string>>> _operations = [];
    private RabbitRemote? _remote;

    public static IReadOnlyList<RemoteJob> Items(ComparisonSettings settings) =>
        RemoteJob.Many(settings.Items ?? (settings.IsQuick ? 200 : 2_000), Milliseconds);

    public void Describe() => scenario
        .Question($"One machine runs {RemoteRuns.PerWorker} items at a time. What do worker processes behind RabbitMQ bring?")
        .Answer("Three workers bring {speedup:AsyncKit.RabbitMQ, 3 workers}, one worker {speedup:AsyncKit.RabbitMQ, 1 worker}: the "
            + "way through the broker costs time. On one machine use FanOutAsync.")
        .Setup(StartAsync, StopAsync)
        .Baseline(
            "FanOutAsync on one machine",
            (jobs, ct) => jobs.FanOutAsync(RemoteRuns.PerWorker, (job, token) => job.RunAsync(token), ct),
            new VariantNotes { How = "a fan-out in this process", AtOnce = $"{RemoteRuns.PerWorker}" })
        .Variant(
            "AsyncKit.RabbitMQ, 1 worker",
            (jobs, ct) => jobs.FanOutAsync(RemoteRuns.Limit, _operations[0], ct),
            new VariantNotes { How = "a worker process behind a broker", AtOnce = $"{RemoteRuns.PerWorker}", IsEmphasized = true })
        .Variant(
            "AsyncKit.RabbitMQ, 3 workers",
            (jobs, ct) => jobs.FanOutAsync(RemoteRuns.Limit, _operations[1], ct),
            new VariantNotes { How = "three worker processes", AtOnce = $"{Workers * RemoteRuns.PerWorker}", IsEmphasized = true });

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        _remote = await RabbitRemote.ConnectAsync(broker, cancellationToken: cancellationToken);
        foreach (var (name, count) in _names.Zip((int[])[1, Workers]))
        {
            var runs = new RemoteRuns(broker, _remote, name);
            _operations.Add(runs.Operation);
            _workers.Add(await runs.StartAsync(count));
        }
    }

    private async Task StopAsync()
    {
        foreach (var workers in _workers)
        {
            await workers.StopAsync();
            workers.Dispose();
        }

        if (_remote is not null)
        {
            await _remote.DisposeAsync();
        }

        await RemoteReport.DeleteAsync(broker, [.. _names.Select(name => $"asynckit.{name}")]);
    }
}
