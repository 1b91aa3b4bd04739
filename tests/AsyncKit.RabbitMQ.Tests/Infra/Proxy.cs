using System.Net;
using System.Net.Sockets;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>A TCP proxy in front of a broker that drops, refuses or stalls connections.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _broker;
    private readonly Lock _lock = new();
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _pumps = [];
    private readonly Task _accepting;
    private TaskCompletionSource? _toBroker; // Null unless stalled.
    private TaskCompletionSource? _toClient;
    private volatile bool _isRefusing;
    private int _accepted;

    public Proxy(Uri? broker = null)
    {
        _broker = broker ?? RabbitFactAttribute.Broker!;
        _listener.Start();
        _accepting = AcceptAsync();
        Uri = new UriBuilder(_broker) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
    }

    public Uri Uri { get; }

    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Whether new connections are closed at once.</summary>
    public bool IsRefusing
    {
        get => _isRefusing;
        set => _isRefusing = value;
    }

    public void StallToBroker() => _toBroker = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void StallToClient() => _toClient = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume()
    {
        Interlocked.Exchange(ref _toBroker, null)?.TrySetResult();
        Interlocked.Exchange(ref _toClient, null)?.TrySetResult();
    }

    /// <summary>Closes every connection.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            _sockets.ForEach(socket => socket.Dispose());
            _sockets.Clear();
        }

        Resume();
    }

    public async ValueTask DisposeAsync()
    {
        _isRefusing = true;
        _listener.Stop();
        Drop();
        await _accepting;
        await Task.WhenAll(_pumps);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                if (_isRefusing)
                {
                    client.Dispose();
                    continue;
                }

                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(_broker.Host, _broker.Port);
                lock (_lock)
                {
                    _sockets.Add(client);
                    _sockets.Add(server);
                    _pumps.Add(PumpAsync(client, server, () => _toBroker));
                    _pumps.Add(PumpAsync(server, client, () => _toClient));
                }

                Interlocked.Increment(ref _accepted);
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private static async Task PumpAsync(Socket from, Socket to, Func<TaskCompletionSource?> stall)
    {
        var buffer = new byte[65_536];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (stall() is { } stalled)
                {
                    await stalled.Task;
                }

                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Dropped.
        }

        from.Dispose();
        to.Dispose();
    }
}
