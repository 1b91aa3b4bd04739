using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Npgsql;

namespace AsyncKit.Hosting.Tests;

/// <summary>The order worker under load, stopped by SIGTERM. All runs happen with ASYNCKIT_SCHEDULES=1000.</summary>
public sealed class OrderWorkerTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task SIGTERM_under_load_loses_no_accepted_order()
    {
        var runs = await Enumerable.Range(1, World.Schedules(50)).FanOutAsync(2, (run, _) => StopUnderLoadAsync(warmUp: 10 * run));

        Assert.All(runs, run =>
        {
            Assert.Equal(0, run.Code);
            Assert.InRange(run.Stored, run.Accepted.Count, int.MaxValue);
            Assert.True(run.Accepted.Count >= run.WarmUp);
        });
    }

    /// <summary>Five rounds, or the number in ASYNCKIT_STOP_ROUNDS.</summary>
    [PostgresFact]
    [Trait("Postgres", "OrderWorker")]
    public async Task SIGTERM_under_load_stores_exactly_the_accepted_orders_in_PostgreSQL()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("ASYNCKIT_STOP_ROUNDS") ?? "5", CultureInfo.InvariantCulture);
        await using var database = NpgsqlDataSource.Create(PostgresFactAttribute.ConnectionString!);

        var runs = await Enumerable.Range(1, rounds).FanOutAsync(2, (round, _) => StopWithDatabaseAsync(database, warmUp: 10 * round));

        Assert.All(runs, one =>
        {
            Assert.Equal((0, one.Rows.Count), (one.Run.Code, one.Run.Stored));
            Assert.Equal(one.Run.Accepted.Order(), one.Rows);
        });
    }

    [Fact]
    public async Task The_health_endpoint_reports_the_consumer()
    {
        using var sample = await WebSample.StartAsync("OrderWorker");

        Assert.Equal("Healthy", await sample.Client.GetStringAsync("/health"));
        using var response = await sample.Client.PostAsync("/orders/1", content: null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((0, 1), await sample.StopAsync());
    }

    [Fact]
    public async Task A_wrong_option_ends_the_process_with_its_name()
    {
        using var process = SampleProcess.Start("OrderWorker", "--urls", "http://127.0.0.1:0", "--Consumers:orders:FanOut:MaxConcurrency", "0");
        var (code, output) = await process.EndAsync();

        Assert.NotEqual(0, code);
        Assert.Contains("Consumers:orders:FanOut:MaxConcurrency must be at least 1; it was 0.", output, StringComparison.Ordinal);
    }

    /// <summary>Returns the run and the ids in its table, in order.</summary>
    private static async Task<(Run Run, List<int> Rows)> StopWithDatabaseAsync(NpgsqlDataSource database, int warmUp)
    {
        var schema = $"orders_{Guid.NewGuid():N}";
        await ExecuteAsync($"create schema {schema}; create table {schema}.orders (id int primary key)");
        try
        {
            var run = await StopUnderLoadAsync(
                warmUp, "--ConnectionStrings:Orders", $"{PostgresFactAttribute.ConnectionString};Search Path={schema}");
            await using var command = database.CreateCommand($"select id from {schema}.orders order by id");
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<int>();
            while (await reader.ReadAsync())
            {
                rows.Add(reader.GetInt32(0));
            }

            return (run, rows);
        }
        finally
        {
            await ExecuteAsync($"drop schema {schema} cascade");
        }

        async Task ExecuteAsync(string text)
        {
            await using var command = database.CreateCommand(text);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task<Run> StopUnderLoadAsync(int warmUp, params string[] arguments)
    {
        using var sample = await WebSample.StartAsync("OrderWorker", arguments);
        var (sent, isStopping) = (0, false);
        var accepted = new ConcurrentBag<int>();
        var warm = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var clients = Enumerable.Range(0, 16).Select(_ => SendAsync()).ToArray();
        await warm.Task.OrHangs();

        var (code, stored) = await sample.StopAsync();
        Volatile.Write(ref isStopping, true);
        await Task.WhenAll(clients).OrHangs();
        return new Run(code, stored, accepted, warmUp);

        async Task SendAsync()
        {
            while (!Volatile.Read(ref isStopping))
            {
                try
                {
                    var id = Interlocked.Increment(ref sent);
                    using var response = await sample.Client.PostAsync($"/orders/{id}", content: null);
                    if (response.IsSuccessStatusCode)
                    {
                        accepted.Add(id);
                        if (accepted.Count >= warmUp)
                        {
                            warm.TrySetResult();
                        }
                    }
                }
                catch (HttpRequestException)
                {
                    return; // The server accepts no more.
                }
            }
        }
    }

    private sealed record Run(int Code, int Stored, IReadOnlyCollection<int> Accepted, int WarmUp);
}
