using Microsoft.Data.Sqlite;

namespace AsyncKit.Benchmarks;

/// <summary>SQLite: each item is an insert and a query. The driver has async methods that block.</summary>
internal sealed class DatabaseScenario(ComparisonScenario<int> scenario)
{
    private readonly int _limit = scenario.Settings.Concurrency;
    private string _path = "";

    private string Connection => $"Data Source={_path};Default Timeout=30";

    public static IReadOnlyList<int> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(1, settings.Items ?? (settings.IsQuick ? 200 : 2_000))];

    public void Describe() => scenario
        .Question("How does a service insert and query orders in SQLite, whose driver only blocks, and stay responsive?")
        .Answer("SQLite has one writer, so concurrency brings nothing: a loop takes {time:one by one}, one thread of a lane "
            + "{time:AsyncKit lane of 1}. Other work waits {pool:AsyncKit lane of 1} for a thread while the lane works, "
            + "{pool:Task.Run} with Task.Run.")
        .EachRound(CreateAsync, DeleteAsync)
        .Baseline(
            "one by one",
            (orders, ct) => Task.FromResult(orders.Select(order => Store(order, ct)).ToArray()),
            new VariantNotes { How = "a loop around the blocking driver", AtOnce = "1" })
        .Variant(
            "Task.Run",
            (orders, ct) => Task.WhenAll(orders.Select(order => Task.Run(() => Store(order, ct), ct))),
            new VariantNotes { How = "Task.Run around each call", AtOnce = "the thread pool decides" })
        .Variant(
            "the driver's async methods",
            async (orders, ct) =>
            {
                var totals = new long[orders.Count];
                var options = new ParallelOptions { MaxDegreeOfParallelism = _limit, CancellationToken = ct };
                await Parallel.ForEachAsync(orders.Index(), options, async (item, token) =>
                    totals[item.Index] = await StoreAsync(item.Item, token));
                return totals;
            },
            new VariantNotes { How = "Parallel.ForEachAsync with a limit; the methods block anyway", AtOnce = "the limit" })
        .Variant(
            "AsyncKit lane of 1",
            (orders, ct) => orders.FanOutBlockingAsync(1, Store, ct),
            new VariantNotes { How = "one dedicated thread, so no writer waits for another", AtOnce = "1", IsEmphasized = true })
        .Variant(
            "AsyncKit lane of 4",
            (orders, ct) => orders.FanOutBlockingAsync(4, Store, ct),
            new VariantNotes { How = "four dedicated threads", AtOnce = "4", IsEmphasized = true });

    private long Store(int order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var timer = scenario.TimeItem();
        using var connection = new SqliteConnection(Connection);
        connection.Open();
        using var command = Command(connection, order);
        return (long)command.ExecuteScalar()!;
    }

    private async Task<long> StoreAsync(int order, CancellationToken cancellationToken)
    {
        using var timer = scenario.TimeItem();
        await using var connection = new SqliteConnection(Connection);
        await connection.OpenAsync(cancellationToken);
        await using var command = Command(connection, order);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static SqliteCommand Command(SqliteConnection connection, int order)
    {
        var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO orders (id, total) VALUES ($id, $id * 7); SELECT total FROM orders WHERE id = $id;";
        command.Parameters.AddWithValue("$id", order);
        return command;
    }

    private async Task CreateAsync(IReadOnlyList<int> orders, CancellationToken cancellationToken)
    {
        _path = Path.Combine(Directory.CreateTempSubdirectory("asynckit-database-").FullName, "orders.db");
        await using var connection = new SqliteConnection(Connection);
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private Task DeleteAsync()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
        return Task.CompletedTask;
    }
}
