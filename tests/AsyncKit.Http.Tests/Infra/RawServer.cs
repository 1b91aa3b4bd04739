using System.Net.Sockets;
using System.Text;

namespace AsyncKit.Http.Tests;

/// <summary>Answers every connection with the same bytes, also ones that no HTTP server would send.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private readonly bool _isOpen;

    /// <param name="head">The first bytes of the answer.</param>
    /// <param name="body">The last bytes of the answer.</param>
    /// <param name="isOpen">True to keep the connection open after the answer, as a server that stalls does.</param>
    public RawServer(string head, byte[]? body = null, bool isOpen = false)
    {
        _isOpen = isOpen;
        _listener.Start();
        _loop = LoopAsync([.. Encoding.Latin1.GetBytes(head), .. body ?? []]);
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/file.bin");

    /// <summary>The number of answers that were sent.</summary>
    public int Answers { get; private set; }

    /// <summary>The first bytes of the last request.</summary>
    public string Request { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task LoopAsync(byte[] answer)
    {
        var buffer = new byte[8192];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var connection = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = connection.GetStream();
                Request = Encoding.Latin1.GetString(buffer, 0, await stream.ReadAsync(buffer, _stop.Token));
                await stream.WriteAsync(answer, _stop.Token);
                Answers++;
                if (!_isOpen)
                {
                    connection.Client.Shutdown(SocketShutdown.Send);
                }

                while (await stream.ReadAsync(buffer, _stop.Token) > 0)
                {
                    // Waits until the client closes: an earlier close could reset the connection.
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The client closed the connection, or the test is over.
            }
        }
    }
}
