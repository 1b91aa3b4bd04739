using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace AsyncKit;

/// <summary>
/// Asks the runtime over its diagnostics port, as dotnet-stack does, for the stacks of all threads of this process: the
/// runtime tells them in no other way.
/// </summary>
/// <remarks>
/// Takes some tenths of a second, in which the runtime stops all threads for each sample of their stacks, some milliseconds in all.
/// Waits at most a few seconds for the runtime. Linux only, since elsewhere the name of the port is not known for sure;
/// null where the port is turned off.
/// </remarks>
internal static class SelfStackSampler
{
    private const byte EventPipe = 2;
    private const byte Stop = 1;
    private const byte Collect2 = 3;
    private const byte Server = 0xFF;
    private const byte Ok = 0;
    private const int HeaderLength = 20;
    private const int CommandAt = 16;
    private const int AnswerLength = HeaderLength + sizeof(ulong);
    private const int MostBytes = 256 << 20;
    private const int MostWaitMs = 2000;

    private static readonly TimeSpan SampleTime = TimeSpan.FromMilliseconds(60);

    /// <returns>A trace in the format "nettrace"; null if there is none to be had.</returns>
    public static byte[]? Take()
    {
        try
        {
            return OperatingSystem.IsLinux() && Port() is { } port ? Take(new UnixDomainSocketEndPoint(port)) : null;
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[]? Take(UnixDomainSocketEndPoint port)
    {
        using var session = Open(port);
        Send(session, Collect2, CollectBody());
        Span<byte> answer = stackalloc byte[AnswerLength];
        using var stream = new NetworkStream(session);
        stream.ReadExactly(answer);
        if (answer[CommandAt] != Server || answer[CommandAt + 1] != Ok)
        {
            return null;
        }

        lock (port)
        {
            _ = Monitor.Wait(port, SampleTime); // Nobody pulses: a moment for the samples.
        }

        using var stop = Open(port);
        Send(stop, Stop, answer[HeaderLength..]); // Its answer comes after the rest of the trace has been read.
        using var trace = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is > 0 and var count)
        {
            trace.Write(buffer.AsSpan(0, count));
            if (trace.Length > MostBytes)
            {
                return null; // To close it ends the session.
            }
        }

        return trace.ToArray();
    }

    /// <summary>The start time of the process is a part of it, so it is not one that another process with this id has
    /// left behind.</summary>
    private static string? Port()
    {
        const int StartTimeAt = 19; // After the name in parentheses, which may contain anything.
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var path = Path.Combine(Path.GetTempPath(), string.Create(
            CultureInfo.InvariantCulture, $"dotnet-diagnostic-{Environment.ProcessId}-{fields[StartTimeAt]}-socket"));
        return File.Exists(path) ? path : null;
    }

    private static Socket Open(UnixDomainSocketEndPoint port)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = MostWaitMs,
            SendTimeout = MostWaitMs,
        };
        try
        {
            socket.Connect(port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Send(Socket socket, byte command, ReadOnlySpan<byte> body)
    {
        var message = new byte[HeaderLength + body.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        message[CommandAt] = EventPipe;
        message[CommandAt + 1] = command;
        body.CopyTo(message.AsSpan(HeaderLength));
        _ = socket.Send(message);
    }

    /// <summary>One provider, the sampler of stacks; the names of all methods at the end.</summary>
    private static byte[] CollectBody()
    {
        const uint BufferMb = 256; // At the most. What does not fit is lost, and the names of the modules come last.
        const uint NetTrace = 1;
        const uint Informational = 4;
        using var body = new MemoryStream();
        using var writer = new BinaryWriter(body, Encoding.Unicode);
        writer.Write(BufferMb);
        writer.Write(NetTrace);
        writer.Write(true); // The names.
        writer.Write(1u); // Providers.
        writer.Write(0ul); // Keywords.
        writer.Write(Informational);
        writer.Write((uint)TraceReader.Sampler.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(TraceReader.Sampler + '\0'));
        writer.Write(0u); // Arguments.
        writer.Flush();
        return body.ToArray();
    }
}
