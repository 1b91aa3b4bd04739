using System.Net;
using System.Net.Sockets;

namespace BlockingSample;

/// <summary>Answers every request with the same page after a delay.</summary>
internal sealed class PageServer : IAsyncDisposable
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);

    private static readonly byte[] Answer =
        [.. "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20000\r\n\r\n"u8, .. new byte[20_000]];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;

    public Uri Address => new($"http://{_listener.LocalEndpoint}/");

    public static PageServer Start()
    {
        var server = new PageServer();
        server._listener.Start();
        server._accepting = server.AcceptAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    /// <summary>A loopback client sends a request in one piece, and the next one after the response.</summary>
    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            var request = new byte[4096];
            try
            {
                while (await client.GetStream().ReadAsync(request, _stop.Token) > 0)
                {
                    await Task.Delay(Latency, _stop.Token);
                    await client.GetStream().WriteAsync(Answer, _stop.Token);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // The client closed the connection, or the server stops.
            }
        }
    }
}
