using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AsyncKit.Tests;

/// <summary>A minimal web server on a free port. A function decides the response to each attempt to get an
/// item.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<int, int> _attempts = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, int, Answer> _answer;
    private readonly Task _accepting;
    private int _requests;

    public LoopbackServer(Func<int, int, Answer> answer)
    {
        _answer = answer;
        _listener.Start(512);
        _accepting = Task.Run(AcceptAsync);
    }

    public enum Answer
    {
        Ok,

        /// <summary>503 with Retry-After.</summary>
        Busy,

        /// <summary>No response, until the client gives up.</summary>
        Silence,
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    public int Requests => Volatile.Read(ref _requests);

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
#pragma warning disable VSTHRD002 // The test is over, so nothing needs this thread.
        _accepting.OrHangs().GetAwaiter().GetResult();
        Task.WhenAll(_connections.Keys).OrHangs().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _connections[Task.Run(() => ServeAsync(client))] = 0;
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return; // The server was stopped.
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var closing = client;
        try
        {
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } request)
            {
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                    // The headers.
                }

                var item = int.Parse(request.Split(' ')[1][1..], CultureInfo.InvariantCulture);
                _ = Interlocked.Increment(ref _requests);
                var answer = _answer(item, _attempts.AddOrUpdate(item, 1, static (_, attempts) => attempts + 1));
                if (answer == Answer.Silence)
                {
                    _ = await reader.ReadLineAsync(_stop.Token);
                    return;
                }

                var body = $"item {item}";
                var status = answer == Answer.Ok ? "200 OK" : "503 Service Unavailable\r\nRetry-After: 0";
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n\r\n{body}"), _stop.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client disconnected, or the test is over.
        }
    }
}
