using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace AsyncKit.Tests;

/// <summary>The pool with real connections: 200 concurrent requests over 8 connections that are killed
/// repeatedly.</summary>
public sealed class AsyncPoolConnectionTests : IClassFixture<NothingLeftBehind>
{
    private const int Requests = 200;
    private const int Rounds = 5;
    private const int Connections = 8;
    private const int Attempts = 50;

    [Fact]
    public async Task Every_request_over_TCP_succeeds_with_retry_and_no_connection_leaks()
    {
        await using var server = new EchoServer(killEvery: 20);
        var (open, peak) = (0, 0);
        var pool = new AsyncPool<TcpClient>(new()
        {
            MaxSize = Connections,
            Create = async token =>
            {
                Raise(ref peak, Interlocked.Increment(ref open));
                var client = new Counted(() => Interlocked.Decrement(ref open));
                try
                {
                    await client.ConnectAsync(server.Address, token);
                    return client;
                }
                catch
                {
                    client.Dispose();
                    throw;
                }
            },
        });

        await RequestAsync(pool, async (client, number) =>
        {
            var sent = BitConverter.GetBytes(number);
            var received = new byte[sent.Length];
            await client.GetStream().WriteAsync(sent);
            await client.GetStream().ReadExactlyAsync(received);
            Assert.Equal(sent, received);
        }).OrHangs();
        Assert.InRange(pool.Alive, 1, Connections);
        await pool.DisposeAsync().AsTask().OrHangs();

        Assert.Equal((Connections, 0, 0), (peak, open, pool.Alive));
        Assert.True(server.Killed >= Requests * Rounds / 20);
        await Hang.UntilAsync(() => server.Open == 0);
    }

    [PostgresFact]
    [Trait("Postgres", "AsyncPool")]
    public async Task Every_request_over_PostgreSQL_succeeds_with_retry_and_no_connection_leaks()
    {
        var name = $"asynckit-{Environment.ProcessId}";
        var settings = new NpgsqlConnectionStringBuilder(PostgresFactAttribute.ConnectionString)
        {
            Pooling = false,
            ApplicationName = name,
        };
        await using var other = new NpgsqlConnection(PostgresFactAttribute.ConnectionString);
        await other.OpenAsync();
        using var single = new SemaphoreSlim(1);
        var (open, peak, killed, attempts) = (0, 0, 0, 0);
        var pool = new AsyncPool<Session>(new()
        {
            MaxSize = Connections,
            Create = async token =>
            {
                Raise(ref peak, Interlocked.Increment(ref open));
                var session = new Session(
                    new NpgsqlConnection(settings.ConnectionString), () => Interlocked.Decrement(ref open));
                try
                {
                    await session.Connection.OpenAsync(token);
                    return session;
                }
                catch
                {
                    await session.DisposeAsync();
                    throw;
                }
            },
            Validate = (session, _) => new(session.Connection.State == System.Data.ConnectionState.Open),
        });

        await RequestAsync(pool, async (session, number) =>
        {
            // Counts attempts, or the last request would kill its own connection forever.
            if (Interlocked.Increment(ref attempts) % 20 == 0)
            {
                await KillOneAsync();
            }

            await using var command = new NpgsqlCommand("select $1::int4", session.Connection);
            command.Parameters.Add(new NpgsqlParameter { Value = number });
            Assert.Equal(number, await command.ExecuteScalarAsync());
        }).OrHangs();
        Assert.InRange(pool.Alive, 1, Connections);
        await pool.DisposeAsync().AsTask().OrHangs();

        Assert.Equal((Connections, 0, 0), (peak, open, pool.Alive));
        Assert.True(killed > 10, $"Only {killed} were killed.");
        while (await CountAsync("select count(*)::int4 from pg_stat_activity where application_name = $1") > 0)
        {
            await Task.Yield(); // The server removes a closed session asynchronously.
        }

        async Task KillOneAsync() => Interlocked.Add(ref killed, await CountAsync(
            "select count(pg_terminate_backend(pid))::int4 from "
            + "(select pid from pg_stat_activity where application_name = $1 order by random() limit 1) as one"));

        async Task<int> CountAsync(string text)
        {
            await single.WaitAsync();
            try
            {
                await using var command = new NpgsqlCommand(text, other);
                command.Parameters.Add(new NpgsqlParameter { Value = name });
                return (int)(await command.ExecuteScalarAsync())!;
            }
            finally
            {
                single.Release();
            }
        }
    }

    private static Task RequestAsync<T>(AsyncPool<T> pool, Func<T, int, Task> requestAsync)
        where T : notnull =>
        Task.WhenAll(Enumerable.Range(0, Requests).Select(client => Task.Run(async () =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                await RetryAsync(pool, requestAsync, (round * Requests) + client);
            }
        })));

    private static async Task RetryAsync<T>(AsyncPool<T> pool, Func<T, int, Task> requestAsync, int number)
        where T : notnull
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var lease = await pool.RentAsync();
            try
            {
                await requestAsync(lease.Value, number);
                return;
            }
            catch (Exception exception) when (exception is IOException or NpgsqlException && attempt < Attempts)
            {
                lease.Discard();
            }
        }
    }

    private static void Raise(ref int peak, int now)
    {
        for (var seen = peak; now > seen; seen = peak)
        {
            Interlocked.CompareExchange(ref peak, now, seen);
        }
    }

    private sealed class Session(NpgsqlConnection connection, Action onDisposed) : IAsyncDisposable
    {
        public NpgsqlConnection Connection { get; } = connection;

        public async ValueTask DisposeAsync()
        {
            await Connection.DisposeAsync();
            onDisposed();
        }
    }

    private sealed class Counted(Action onDisposed) : TcpClient
    {
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            onDisposed();
        }
    }

    /// <summary>Echoes requests of four bytes. Every n-th request closes the connection instead.</summary>
    private sealed class EchoServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly int _killEvery;
        private readonly Task _accepting;
        private int _requests;
        private int _open;
        private int _killed;

        public EchoServer(int killEvery)
        {
            _killEvery = killEvery;
            _listener.Start(Requests);
            _accepting = AcceptAsync();
        }

        public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

        public int Open => Volatile.Read(ref _open);

        public int Killed => Volatile.Read(ref _killed);

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _accepting;
        }

        private async Task AcceptAsync()
        {
            var serving = new List<Task>();
            try
            {
                while (true)
                {
                    serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync()));
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                await Task.WhenAll(serving);
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            Interlocked.Increment(ref _open);
            using (client)
            {
                var request = new byte[4];
                try
                {
                    while (await client.GetStream().ReadAtLeastAsync(request, request.Length, throwOnEndOfStream: false) > 0)
                    {
                        if (Interlocked.Increment(ref _requests) % _killEvery == 0)
                        {
                            Interlocked.Increment(ref _killed);
                            break;
                        }

                        await client.GetStream().WriteAsync(request);
                    }
                }
                catch (IOException)
                {
                    // The client closed the connection.
                }
            }

            Interlocked.Decrement(ref _open);
        }
    }
}
