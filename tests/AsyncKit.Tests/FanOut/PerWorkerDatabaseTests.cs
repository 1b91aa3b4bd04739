using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace AsyncKit.Tests;

/// <summary>The natural calls of Entity Framework, ADO.NET and Dapper compile without a cast and run.</summary>
public sealed class PerWorkerDatabaseTests : IClassFixture<NothingLeftBehind>, IAsyncLifetime
{
    private const int Count = 40;

    private static readonly Order[] Orders = [.. Enumerable.Range(1, Count).Select(id => new Order { Id = id, Total = 10 * id })];
    private static readonly int[] Ids = [.. Orders.Select(order => order.Id)];
    private static readonly FanOutOptions WithRetry = new(4)
    {
        Retry = new RetryOptions { Backoff = Backoff.None, ShouldRetry = exception => exception is DbUpdateException },
    };

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"asynckit-{Guid.NewGuid():N}.db");
    private readonly PooledDbContextFactory<Shop> _factory;
    private readonly DbDataSource _dataSource;

    public PerWorkerDatabaseTests()
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false }.ToString();
        _factory = new(new DbContextOptionsBuilder<Shop>().UseSqlite(connectionString).Options);
        _dataSource = SqliteFactory.Instance.CreateDataSource(connectionString);
    }

    public async Task InitializeAsync()
    {
        await using var db = await _factory.CreateDbContextAsync();
        await db.Database.EnsureCreatedAsync();
    }

    public async Task DisposeAsync()
    {
        await _dataSource.DisposeAsync();
        File.Delete(_path);
    }

    [Fact]
    public async Task Entity_Framework_inserts_without_a_result()
    {
        await Orders.PerWorker(_factory.CreateDbContextAsync).FanOutAsync(4, async (db, order, ct) =>
        {
            db.Add(order);
            await db.SaveChangesAsync(ct);
        });

        Assert.Equal(Count, await CountAsync());
    }

    [Fact]
    public async Task Entity_Framework_inserts_with_the_result_of_SaveChangesAsync()
    {
        int[] saved = await Orders.PerWorker(_factory.CreateDbContextAsync).FanOutAsync(4, (db, order, ct) =>
        {
            db.Add(order);
            return db.SaveChangesAsync(ct);
        });

        Assert.All(saved, count => Assert.Equal(1, count));
        Assert.Equal(Count, await CountAsync());
    }

    [Fact]
    public async Task Entity_Framework_inserts_with_a_method_group()
    {
        await Orders.PerWorker(_factory.CreateDbContextAsync).FanOutAsync(new FanOutOptions(4), InsertAsync);

        Assert.Equal(Count, await CountAsync());
    }

    [Fact]
    public async Task Entity_Framework_finds_with_a_ValueTask()
    {
        await InsertAllAsync();

        Order?[] found = await Ids.PerWorker(_factory.CreateDbContextAsync)
            .FanOutAsync(4, (db, id, ct) => db.Orders.FindAsync([id], ct));

        Assert.Equal(Orders.Select(order => order.Total), found.Select(order => order!.Total));
    }

    [Fact]
    public async Task Entity_Framework_streams_query_results()
    {
        await InsertAllAsync();
        var totals = new List<int>();

        await foreach (var total in Ids.PerWorker(_factory.CreateDbContextAsync).FanOutStream(
            4, (db, id, ct) => db.Orders.Where(order => order.Id == id).Select(order => order.Total).SingleAsync(ct)))
        {
            totals.Add(total);
        }

        Assert.Equal(Orders.Select(order => order.Total), totals);
    }

    [Fact]
    public async Task A_failed_insert_does_not_fail_the_next_one_because_its_context_is_replaced()
    {
        await InsertAsync(await _factory.CreateDbContextAsync(), new Order { Id = 3, Total = 1 }, default);

        // The context of the failed insert still tracks the order, so SaveChangesAsync would fail for each later one.
        var report = await Orders.PerWorker(_factory.CreateDbContextAsync).FanOutReportAsync(1, async (db, order, ct) =>
        {
            db.Add(order);
            await db.SaveChangesAsync(ct);
        });

        Assert.Equal(3, Assert.Single(report.Failures).Item.Id);
        Assert.IsType<DbUpdateException>(Assert.Single(report.Failures).Exception);
        Assert.Equal(Count, await CountAsync());
    }

    [Fact]
    public async Task Entity_Framework_yields_outcomes_of_inserts()
    {
        var kinds = new List<FanOutOutcomeKind>();

        await foreach (var outcome in Orders.PerWorker(_factory.CreateDbContextAsync).FanOutOutcomes(4, InsertAsync))
        {
            kinds.Add(outcome.Kind);
        }

        Assert.Equal(Enumerable.Repeat(FanOutOutcomeKind.Succeeded, Count), kinds);
    }

    [Fact]
    public async Task Entity_Framework_retries_a_failed_insert_with_a_new_context()
    {
        var taken = new Order { Id = 3, Total = 1 };
        await InsertAsync(await _factory.CreateDbContextAsync(), taken, default);

        await Orders.PerWorker(_factory.CreateDbContextAsync).FanOutAsync(WithRetry, async (db, order, ct) =>
        {
            try
            {
                await InsertAsync(db, order, ct);
            }
            catch (DbUpdateException)
            {
                await using var other = await _factory.CreateDbContextAsync(ct);
                await other.Orders.Where(one => one.Id == order.Id).ExecuteDeleteAsync(ct);
                throw;
            }
        });

        await using var read = await _factory.CreateDbContextAsync();
        Assert.Equal(Orders.Select(order => order.Total), await read.Orders.OrderBy(order => order.Id).Select(order => order.Total).ToArrayAsync());
    }

    [Fact]
    public async Task A_query_of_Entity_Framework_is_the_source()
    {
        await InsertAllAsync();
        await using var read = await _factory.CreateDbContextAsync();

        await read.Orders.AsNoTracking().AsAsyncEnumerable().PerWorker(_factory.CreateDbContextAsync).FanOutAsync(
            4, (db, order, ct) => db.Orders.Where(one => one.Id == order.Id).ExecuteUpdateAsync(
                set => set.SetProperty(one => one.Total, one => one.Total + 1), ct));
        int[] fromSet = await read.Orders.PerWorker(_factory.CreateDbContextAsync)
            .FanOutAsync(4, async (db, order, ct) => await db.Orders.CountAsync(ct));

        Assert.Equal(Count, fromSet.Length);
        Assert.Equal(Orders.Sum(order => order.Total + 1), await read.Orders.SumAsync(order => order.Total));
    }

    [Fact]
    public async Task ADO_NET_connections_are_opened_by_a_method_group()
    {
        await InsertAllAsync();

        long[] totals = await Ids.PerWorker(_dataSource.OpenConnectionAsync).FanOutAsync(4, async (connection, id, ct) =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "select Total from Orders where Id = $id";
            command.Parameters.Add(new SqliteParameter("$id", id));
            return (long)(await command.ExecuteScalarAsync(ct))!;
        });

        Assert.Equal(Orders.Select(order => (long)order.Total), totals);
    }

    [Fact]
    public async Task Dapper_queries_and_executes()
    {
        int[] inserted = await Orders.PerWorker(_dataSource.OpenConnectionAsync).FanOutAsync(
            4, (connection, order, ct) => connection.ExecuteAsync("insert into Orders (Id, Total) values (@Id, @Total)", order));
        await Ids.PerWorker(_dataSource.OpenConnectionAsync).FanOutAsync(
            4, async (connection, id, ct) => { await connection.ExecuteAsync("update Orders set Total = Total + 1 where Id = @id", new { id }); });
        var report = await Ids.PerWorker(async ct =>
        {
            var connection = new SqliteConnection(_dataSource.ConnectionString);
            await connection.OpenAsync(ct);
            return connection;
        }).FanOutReportAsync(4, (connection, id, ct) => connection.QuerySingleAsync<int>("select Total from Orders where Id = @id", new { id }));

        Assert.All(inserted, count => Assert.Equal(1, count));
        Assert.Equal(Orders.Select(order => order.Total + 1), report.Values);
    }

    private static async Task InsertAsync(Shop db, Order order, CancellationToken cancellationToken)
    {
        db.Add(new Order { Id = order.Id, Total = order.Total });
        await db.SaveChangesAsync(cancellationToken);
    }

    private Task InsertAllAsync() => Orders.PerWorker(_factory.CreateDbContextAsync).FanOutAsync(4, InsertAsync);

    private async Task<int> CountAsync()
    {
        await using var db = await _factory.CreateDbContextAsync();
        return await db.Orders.CountAsync();
    }
}
