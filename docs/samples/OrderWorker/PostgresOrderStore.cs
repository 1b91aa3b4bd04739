using Npgsql;

namespace OrderWorker;

/// <summary>Stores orders over one connection, which its first order opens.</summary>
internal sealed class PostgresOrderStore(NpgsqlDataSource dataSource) : IOrderStore, IAsyncDisposable
{
    private NpgsqlConnection? _connection;

    public async Task SaveAsync(Order order, CancellationToken cancellationToken)
    {
        _connection ??= await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            "insert into orders (id) values ($1) on conflict do nothing", _connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = order.Id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }
}
