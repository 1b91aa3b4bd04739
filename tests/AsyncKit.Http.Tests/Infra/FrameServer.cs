using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace AsyncKit.Http.Tests;

/// <summary>Speaks as much HTTP/2 without TLS as an answer needs. Its answers may break rules that an HTTP server keeps,
/// such as a body that is shorter than its content-length.</summary>
internal sealed class FrameServer : IAsyncDisposable
{
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte Headers = 1;
    private const byte Ack = 1;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FrameStream, Task> _answer;
    private readonly Task _loop;
    private int _requests;

    /// <param name="answer">Answers a request; the requests of all connections are numbered from 1.</param>
    public FrameServer(Func<FrameStream, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _loop = LoopAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/file.bin");

    public int Requests => _requests;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task LoopAsync()
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
            await Task.WhenAll(connections); // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await ServeAsync(client.GetStream());
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The client closed the connection, or the test is over.
            }
        }
    }

    private async Task ServeAsync(NetworkStream connection)
    {
        await connection.ReadExactlyAsync(new byte["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length], _stop.Token);
        await FrameStream.WriteAsync(connection, Settings, 0, 0, []);
        var head = new byte[9];
        while (true)
        {
            await connection.ReadExactlyAsync(head, _stop.Token);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
            await connection.ReadExactlyAsync(payload, _stop.Token);
            var (type, flags) = (head[3], head[4]);
            if (type == Headers)
            {
                var number = Interlocked.Increment(ref _requests);
                await _answer(new FrameStream(connection, BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), number));
            }
            else if (type is Settings or Ping && (flags & Ack) == 0)
            {
                await FrameStream.WriteAsync(connection, type, Ack, 0, type == Ping ? payload : []);
            }
        }
    }
}

/// <summary>The answer to one request of a <see cref="FrameServer"/>.</summary>
internal sealed class FrameStream(NetworkStream connection, int id, int number)
{
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    /// <summary>The number of the request, from 1.</summary>
    public int Number => number;

    public Task HeadersAsync(bool isLast, params (string Name, string Value)[] fields)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0); // A literal field that is not indexed, with a new name.
            WriteText(block, name);
            WriteText(block, value);
        }

        return WriteAsync(connection, type: 1, (byte)(EndHeaders | (isLast ? EndStream : 0)), id, block.ToArray());
    }

    public Task DataAsync(byte[] bytes, bool isLast) => WriteAsync(connection, type: 0, isLast ? EndStream : (byte)0, id, bytes);

    public Task ResetAsync(byte code) => WriteAsync(connection, type: 3, 0, id, [0, 0, 0, code]);

    public static async Task WriteAsync(Stream connection, byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (payload.Length << 8) | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        await connection.WriteAsync(frame);
    }

    /// <summary>Writes a text of less than 127 bytes without the Huffman code.</summary>
    private static void WriteText(MemoryStream block, string text)
    {
        block.WriteByte((byte)text.Length);
        block.Write(Encoding.Latin1.GetBytes(text));
    }
}
