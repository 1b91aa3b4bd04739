using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace AsyncKit.Tests;

/// <summary>Connections to PostgreSQL that the server terminates while eight workers use them.</summary>
public sealed class PerWorkerConnectionTests : IClassFixture<NothingLeftBehind>
{
    private const int Connections = 8;
    private const int Count = 200;

    private static readonly RetryOptions Retry = new()
    {
        Backoff = Backoff.None,
        ShouldRetry = IsOfServer,
    };

    [PostgresFact]
    [Trait("Postgres", "PerWorker")]
    public async Task A_terminated_connection_fails_at_most_the_item_it_was_used_for()
    {
        await using var server = new Server();
        var (kills, full) = (0, new TestGate());

        var report = await Enumerable.Range(0, Count).PerWorker(server.DataSource.OpenConnectionAsync).FanOutReportAsync(
            Connections,
            async (connection, item, ct) =>
            {
                full.Arrive(); // All eight connections are open before the first one is terminated.
                await full.ArrivedAsync(Connections);
                server.Seen(connection);
                if (item == Count / 2)
                {
                    kills += await server.TerminateAsync(except: connection.ProcessID);
                }

                return await SelectAsync(connection, item, ct);
            }).OrHangs();

        Assert.Equal(1, kills);
        Assert.InRange(report.FailedCount, 0, 1);
        Assert.Equal(Count - report.FailedCount, report.SucceededCount);
        Assert.All(report.Failures, failure => Assert.IsAssignableFrom<NpgsqlException>(failure.Exception));
        Assert.InRange(server.SeenCount, Connections, Connections + 1);
    }

    [PostgresFact]
    [Trait("Postgres", "PerWorker")]
    public async Task A_connection_that_is_terminated_in_use_fails_exactly_its_item()
    {
        await using var server = new Server();

        var report = await Enumerable.Range(0, Count).PerWorker(server.DataSource.OpenConnectionAsync).FanOutReportAsync(
            Connections,
            async (connection, item, ct) =>
            {
                if (item == Count / 2)
                {
                    Assert.Equal(1, await server.TerminateAsync(only: connection.ProcessID));
                }

                return await SelectAsync(connection, item, ct);
            }).OrHangs();

        Assert.Equal(Count / 2, Assert.Single(report.Failures).Item);
        Assert.Equal(Count - 1, report.SucceededCount);
    }

    [PostgresFact]
    [Trait("Postgres", "PerWorker")]
    public async Task Terminated_connections_fail_no_item_with_Retry()
    {
        await using var server = new Server();
        var (attempts, kills) = (0, 0);

        int[] results = await Enumerable.Range(0, Count).PerWorker(server.DataSource.OpenConnectionAsync).FanOutAsync(
            new FanOutOptions(Connections) { Retry = Retry },
            async (connection, item, ct) =>
            {
                if (Interlocked.Increment(ref attempts) % 10 == 0)
                {
                    Interlocked.Add(ref kills, await server.TerminateAsync(only: connection.ProcessID));
                }

                return await SelectAsync(connection, item, ct);
            }).OrHangs();

        Assert.Equal(Enumerable.Range(0, Count), results);
        Assert.True(kills >= Count / 10, $"Only {kills} were terminated.");
    }

    [PostgresFact]
    [Trait("Postgres", "PerWorker")]
    public async Task Entity_Framework_inserts_every_row_once_although_connections_are_terminated()
    {
        await using var server = new Server();
        var factory = new PooledDbContextFactory<Shop>(
            new DbContextOptionsBuilder<Shop>().UseNpgsql(server.DataSource).Options);
        await server.ExecuteAsync("drop table if exists \"Orders\"; create table \"Orders\" (\"Id\" int primary key, \"Total\" int)");
        var attempts = 0;

        await Enumerable.Range(0, Count).PerWorker(factory.CreateDbContextAsync).FanOutAsync(
            new FanOutOptions(Connections) { Retry = Retry },
            async (db, id, ct) =>
            {
                await db.Database.OpenConnectionAsync(ct);
                if (Interlocked.Increment(ref attempts) % 20 == 0)
                {
                    await server.TerminateAsync(only: ((NpgsqlConnection)db.Database.GetDbConnection()).ProcessID);
                }

                db.Add(new Order { Id = id, Total = id });
                await db.SaveChangesAsync(ct);
                await db.Database.CloseConnectionAsync();
            }).OrHangs();

        await using (var read = await factory.CreateDbContextAsync())
        {
            Assert.Equal(Enumerable.Range(0, Count), await read.Orders.OrderBy(order => order.Id).Select(order => order.Total).ToArrayAsync());
        }

        Assert.True(attempts > Count, "No connection was terminated.");
    }

    /// <summary>Entity Framework wraps the exception of the driver up to twice.</summary>
    private static bool IsOfServer(Exception? exception) =>
        exception is NpgsqlException || (exception is not null && IsOfServer(exception.InnerException));

    private static async Task<int> SelectAsync(NpgsqlConnection connection, int item, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select $1::int4", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = item });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>A pooled data source of the test, and a separate connection that terminates those of the pool. Disposing
    /// waits until the server has no connection of the pool left.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private static int _count;

        private readonly string _name = $"asynckit-worker-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        private readonly NpgsqlDataSource _admin;
        private readonly HashSet<int> _seen = [];

        public Server()
        {
            _admin = NpgsqlDataSource.Create(PostgresFactAttribute.ConnectionString!);
            DataSource = NpgsqlDataSource.Create(
                new NpgsqlConnectionStringBuilder(PostgresFactAttribute.ConnectionString) { ApplicationName = _name });
        }

        public NpgsqlDataSource DataSource { get; }

        public int SeenCount
        {
            get
            {
                lock (_seen)
                {
                    return _seen.Count;
                }
            }
        }

        public void Seen(NpgsqlConnection connection)
        {
            lock (_seen)
            {
                _seen.Add(connection.ProcessID);
            }
        }

        /// <summary>Terminates one connection of the pool and returns the number of those that were terminated.</summary>
        public async Task<int> TerminateAsync(int only = 0, int except = 0)
        {
            await using var command = _admin.CreateCommand(
                "select count(pg_terminate_backend(pid, 10000))::int4 from (select pid from pg_stat_activity "
                + "where application_name = $1 and ($2 = 0 or pid = $2) and pid <> $3 limit 1) as one");
            command.Parameters.Add(new NpgsqlParameter { Value = _name });
            command.Parameters.Add(new NpgsqlParameter { Value = only });
            command.Parameters.Add(new NpgsqlParameter { Value = except });
            return (int)(await command.ExecuteScalarAsync())!;
        }

        public async Task ExecuteAsync(string text)
        {
            await using var command = _admin.CreateCommand(text);
            await command.ExecuteNonQueryAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await DataSource.DisposeAsync(); // A connection that leaked stays open.
            await using (var command = _admin.CreateCommand("select count(*)::int4 from pg_stat_activity where application_name = $1"))
            {
                command.Parameters.Add(new NpgsqlParameter { Value = _name });
                await Hang.UntilAsync(() => (int)command.ExecuteScalar()! == 0);
            }

            await _admin.DisposeAsync();
        }
    }
}
