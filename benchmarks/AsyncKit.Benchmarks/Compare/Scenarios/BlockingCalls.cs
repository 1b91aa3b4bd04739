using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>A client library without async methods. Each call opens a connection and blocks its thread.</summary>
internal static class BlockingCalls
{
    private const int BufferBytes = 1024;

    public static string Path(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{ServerProgram.CallsPath}/{index}");

    /// <summary>The response of the server to a call of this path.</summary>
    public static byte[] Answer(string path) => Encoding.ASCII.GetBytes($"answer of {path}\n");

    public static byte[] Call(Uri server, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(new IPEndPoint(IPAddress.Loopback, server.Port));
        var request = Encoding.ASCII.GetBytes($"GET /{path} HTTP/1.1\r\nHost: loopback\r\nConnection: close\r\n\r\n");
        for (var sent = 0; sent < request.Length;)
        {
            sent += socket.Send(request.AsSpan(sent));
        }

        var answer = new byte[BufferBytes];
        var length = 0;
        for (var received = -1; received != 0 && length < answer.Length; length += received)
        {
            received = socket.Receive(answer.AsSpan(length));
        }

        var head = answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
        return answer.AsSpan(0, length).StartsWith("HTTP/1.1 200 "u8) && head >= 0
            ? answer[(head + 4)..length]
            : throw new InvalidOperationException($"No answer from {path}.");
    }
}
