using System.Globalization;
using Xunit.Abstractions;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>A run whose workers are killed every second and whose broker is restarted twice.</summary>
public sealed class KillTests(OwnBroker broker, ITestOutputHelper output) : RabbitTests
{
    private const string Variable = "ASYNCKIT_KILL_ROUNDS";
    private const int Workers = 3;
    private const int Limit = 16;

    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(3);

    private protected override Uri? Broker => broker.Uri;

    public override async Task InitializeAsync()
    {
        await broker.StartedAsync();
        await base.InitializeAsync();
    }

    /// <summary>One short round without a restart, or as many long ones as the variable says.</summary>
    [RabbitFact]
    public async Task Items_survive_killed_workers_and_a_restart_and_a_kill_of_the_broker()
    {
        var rounds = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : 0;
        for (var round = 0; round < Math.Max(rounds, 1); round++)
        {
            await (rounds == 0
                ? RunAsync(items: 3_000, milliseconds: 50, TimeSpan.FromSeconds(0.5), CloseConnectionsAsync)
                : RunAsync(items: 10_000, milliseconds: 100, TimeSpan.FromSeconds(1), RestartAsync));
        }
    }

    /// <summary>Ends the connections as a restart does, in a fraction of the time.</summary>
    private Task CloseConnectionsAsync() => broker.ControlAsync("close_all_connections", "test");

    private async Task RestartAsync()
    {
        await broker.TerminateAsync();
        await broker.StartAsync();
    }

    private async Task RunAsync(int items, int milliseconds, TimeSpan betweenKills, Func<Task> closeAsync)
    {
        var start = TimeProvider.System.GetTimestamp();
        var republished = Counts.Of("republished");
        var client = await ConnectAsync(Quick);
        var call = client.Operation(Name, Json.Default.Int32, Json.Default.Int32);
        await using var killer = new Killer(() => new WorkerProcess(broker.Uri, Name, Limit, milliseconds), betweenKills);
        var done = 0;
        var thirds = new TaskCompletionSource[] { new(), new() };
        var run = Enumerable.Range(0, items).FanOutAsync(2 * Workers * Limit, async (item, token) =>
        {
            var result = await call(item, token);
            if (Interlocked.Increment(ref done) is var count && count % (items / 3) == 0 && count / (items / 3) < 3)
            {
                thirds[(count / (items / 3)) - 1].SetResult();
            }

            return result;
        });
        await thirds[0].Task.WaitAsync(MostTime);
        await killer.PauseAsync(closeAsync);
        await thirds[1].Task.WaitAsync(MostTime);
        await killer.PauseAsync(async () =>
        {
            await broker.KillAsync();
            await broker.StartAsync();
        });
        var results = await run.WaitAsync(MostTime);
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        await killer.StopAsync();
        await ConnectRawAsync();
        await Raw.UntilReadyAsync(Queue, 0); // The workers run what was delivered to a killed one and is done.
        await killer.DrainAsync();

        var (kills, starts) = (killer.Kills, killer.Starts);
        republished = Counts.Of("republished") - republished;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{items} items, {kills} workers killed, {starts - items} runs more than items, {republished} published again, {elapsed.TotalSeconds:0.0} s"));
        Assert.Equal(Enumerable.Range(0, items).Select(item => item * 2), results);

        // A restart of the broker ends the connection of each worker, too.
        Assert.InRange(starts, items, items + ((kills + (2 * Workers)) * Limit) + republished);
        await client.DisposeAsync().AsTask().OrHangs();
        await Raw.Channel.QueueDeleteAsync(Queue, ifUnused: false, ifEmpty: false);
        Assert.Empty((await broker.ControlAsync("list_queues", "name", "--no-table-headers")).Trim());
    }

    /// <summary>The connection of the test did not survive the broker.</summary>
    private async Task ConnectRawAsync()
    {
        await Raw.DisposeAsync();
        await base.InitializeAsync();
    }

    /// <summary>Keeps worker processes running and kills one in turn, as soon as it has started an item: on a busy machine
    /// a kill at a fixed time would hit workers that never served.</summary>
    private sealed class Killer : IAsyncDisposable
    {
        private readonly Func<WorkerProcess> _start;
        private readonly List<WorkerProcess> _all;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _killing;
        private volatile bool _isPaused;

        public Killer(Func<WorkerProcess> start, TimeSpan interval)
        {
            _start = start;
            _all = [.. Enumerable.Range(0, Workers).Select(_ => start())];
            _killing = RunAsync(interval);
        }

        public int Kills { get; private set; }

        public int Starts => _all.Sum(worker => worker.Starts);

        /// <summary>Kills no worker while an action runs: a worker without a broker has no items to lose.</summary>
        public async Task PauseAsync(Func<Task> action)
        {
            _isPaused = true;
            await action();
            _isPaused = false;
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _killing);
        }

        public async Task DrainAsync() =>
            await Task.WhenAll(_all[Kills..].Select(worker => worker.TerminateAsync()));

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _all.ForEach(worker => worker.Dispose());
            _stop.Dispose();
        }

        private async Task RunAsync(TimeSpan interval)
        {
            using var timer = new PeriodicTimer(interval);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (!_isPaused && _all[Kills].Starts > 0)
                {
                    await _all[Kills].KillAsync();
                    Kills++;
                    _all.Add(_start());
                }
            }
        }
    }
}
