namespace AsyncKit.Benchmarks;

/// <summary>Creates the client of a round. Every variant uses the same kind of client, one for all requests.</summary>
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
            // With the slowest server that the options allow, a file takes eight and a half minutes.
            Timeout = TimeSpan.FromMinutes(10),
        };

    /// <summary>Opens that many connections before the clock starts, because a service has them open. Without them,
    /// Task.Run around blocking calls takes many times longer: connecting also needs a thread-pool thread and waits
    /// behind those calls.</summary>
    public static Task ConnectAsync(HttpClient client, int connections, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(_ =>
            client.GetByteArrayAsync(ServerProgram.ConnectPath, cancellationToken)));
}
