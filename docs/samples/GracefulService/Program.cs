// A small HTTP server that loses no request when it shuts down. Arguments: the time that a request takes, and the time
// that running requests may take after SIGTERM or Ctrl-C, both in milliseconds. Try it: curl http://127.0.0.1:<port>/
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AsyncKit;

var requestTime = TimeSpan.FromMilliseconds(Number(0, 100));
var options = new GracefulShutdownOptions { DrainTimeout = TimeSpan.FromMilliseconds(Number(1, 10_000)) };
var (accepted, answered) = (0, 0);

var exitCode = await GracefulShutdown.RunAsync(ServeAsync, options);

Console.WriteLine($"accepted {accepted}, answered {answered}");
return exitCode;

async Task ServeAsync(GracefulShutdown shutdown)
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start(backlog: 512);
    shutdown.OnStopping(_ =>
    {
        Console.WriteLine("stopping");
        return default;
    });
    Console.WriteLine($"listening on port {((IPEndPoint)listener.LocalEndpoint).Port}");

    // Requests get the Aborting token, so that they can complete after the server stops accepting.
    await using var requests = TaskScope.Open(
        new TaskScopeOptions { Policy = TaskScopePolicy.RunToEnd }, shutdown.Aborting);
    while (await AcceptAsync(listener, shutdown.Stopping) is { } client)
    {
        accepted++;
        _ = requests.Run(token => AnswerAsync(client, token));
    }

    listener.Stop();
    await requests.JoinAsync();
}

// Null when the server is stopping and no earlier connection is pending.
static async Task<TcpClient?> AcceptAsync(TcpListener listener, CancellationToken stopping)
{
    try
    {
        return await listener.AcceptTcpClientAsync(stopping);
    }
    catch (OperationCanceledException)
    {
        return listener.Pending() ? await listener.AcceptTcpClientAsync(CancellationToken.None) : null;
    }
}

async Task AnswerAsync(TcpClient client, CancellationToken cancellationToken)
{
    using (client)
    {
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 })
        {
            // Skips the request line and the headers, up to the empty line.
        }

        await Task.Delay(requestTime, cancellationToken); // Stands in for the work.
        await stream.WriteAsync(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"u8.ToArray(), cancellationToken);
        client.Client.Shutdown(SocketShutdown.Send);
        Interlocked.Increment(ref answered);
    }
}

int Number(int index, int otherwise) =>
    args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
