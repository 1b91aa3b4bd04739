namespace AsyncKit.Benchmarks;

/// <summary>The client that every variant uses: one for all requests of a round, the same for every variant.</summary>
internal static class Clients
{
    public static HttpClient Create(Uri server) =>
        new(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = int.MaxValue,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            UseProxy = false,
            UseCookies = false,
        })
        {
            BaseAddress = server,
            // The slowest server that the options allow takes eight and a half minutes for a file.
            Timeout = TimeSpan.FromMinutes(10),
        };

    /// <summary>
    /// Opens that many connections before the clock starts, as a service has them open. Otherwise Task.Run around
    /// blocking calls takes many times as long again: connecting needs a pool thread too, and waits behind all of them.
    /// </summary>
    public static Task ConnectAsync(HttpClient client, int connections, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(_ =>
            client.GetByteArrayAsync(ServerProgram.ConnectPath, cancellationToken)));
}
