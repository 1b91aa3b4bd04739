using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace AsyncKit;

/// <summary>
/// Reads of a trace in the format "nettrace", version 4, the last stack of each thread and the methods that were compiled.
/// </summary>
internal sealed class TraceReader
{
    public const string Sampler = "Microsoft-DotNETCore-SampleProfiler";

    private const string Rundown = "Microsoft-Windows-DotNETRuntimeRundown";
    private const int MethodEvent = 144;
    private const int ModuleEvent = 154;
    private const byte BeginObject = 5;
    private const byte EndObject = 6;
    private const byte NoObject = 1;
    private const int TraceLength = 48;
    private const int Alignment = 4;

    private readonly byte[] _trace;
    private readonly Dictionary<uint, (string Provider, int Event)> _kinds = [];
    private readonly Dictionary<int, ulong[]> _stacks = []; // By their number, which a later block may use again.
    private int _at;

    private TraceReader(byte[] trace) => _trace = trace;

    /// <summary>Innermost first; by the thread's id.</summary>
    public Dictionary<ulong, ulong[]> Threads { get; } = [];

    public List<TracedMethod> Methods { get; } = [];

    /// <summary>Paths, by id.</summary>
    public Dictionary<ulong, string> Modules { get; } = [];

    /// <returns>Null if it is no such trace, or not all of one.</returns>
    public static TraceReader? Read(byte[] trace)
    {
        var reader = new TraceReader(trace);
        try
        {
            return reader.ReadAll() ? reader : null;
        }
        catch (Exception exception) when (exception is ArgumentException or IndexOutOfRangeException)
        {
            return null; // It ends before its end.
        }
    }

    private bool ReadAll()
    {
        if (!Take(8).SequenceEqual("Nettrace"u8) || !Take(Int32()).SequenceEqual("!FastSerialization.1"u8))
        {
            return false;
        }

        while (Byte() == BeginObject)
        {
            _ = Take(2); // The type of the object: it begins, and has no type itself.
            var version = Int32();
            _ = Int32();
            var name = Encoding.UTF8.GetString(Take(Int32()));
            _ = Byte();
            if (name is "Trace")
            {
                if (version != 4)
                {
                    return false;
                }

                _ = Take(TraceLength);
            }
            else
            {
                ReadBlock(name);
            }

            if (Byte() != EndObject)
            {
                return false;
            }
        }

        return _trace[_at - 1] == NoObject;
    }

    private void ReadBlock(string name)
    {
        var length = Int32();
        _at = (_at + Alignment - 1) / Alignment * Alignment;
        var end = _at + _trace.AsSpan(_at, length).Length;
        switch (name)
        {
            case "StackBlock":
                ReadStacks();
                break;
            case "EventBlock" or "MetadataBlock":
                ReadEvents(end);
                break;
        }

        _at = end;
    }

    private void ReadStacks()
    {
        var first = Int32();
        var count = Int32();
        for (var index = 0; index < count; index++)
        {
            _stacks[first + index] = MemoryMarshal.Cast<byte, ulong>(Take(Int32())).ToArray();
        }
    }

    /// <summary>The header of an event leaves out what is as in the one before.</summary>
    private void ReadEvents(int end)
    {
        _at += BinaryPrimitives.ReadInt16LittleEndian(_trace.AsSpan(_at));
        var (kind, stack, length, thread) = (0u, 0, 0, 0ul);
        while (_at < end)
        {
            var flags = Byte();
            kind = (flags & 1) != 0 ? (uint)Varying() : kind;
            if ((flags & 2) != 0)
            {
                _ = (Varying(), Varying(), Varying()); // Who has written it, and where.
            }

            thread = (flags & 4) != 0 ? Varying() : thread;
            stack = (flags & 8) != 0 ? (int)Varying() : stack;
            _ = Varying(); // When.
            _ = Take((flags & 16) != 0 ? 16 : 0); // Activities.
            _ = Take((flags & 32) != 0 ? 16 : 0);
            length = (flags & 128) != 0 ? (int)Varying() : length;
            var next = _at + _trace.AsSpan(_at, length).Length;
            ReadEvent(kind & 0x7FFFFFFF, thread, stack);
            _at = next;
        }
    }

    private void ReadEvent(uint kind, ulong thread, int stack)
    {
        if (kind == 0)
        {
            _kinds[(uint)Int32()] = (Text(), Int32());
            return;
        }

        switch (_kinds.GetValueOrDefault(kind))
        {
            case (Sampler, _) when _stacks.TryGetValue(stack, out var frames):
                Threads[thread] = frames;
                break;
            case (Rundown, MethodEvent):
                _ = Int64();
                var module = Int64();
                var (start, size) = (Int64(), Int32());
                _ = Take(8); // Token and flags.
                Methods.Add(new TracedMethod(start, (uint)size, module, Text(), Text()));
                break;
            case (Rundown, ModuleEvent):
                var id = Int64();
                _ = Take(16); // Its assembly, flags.
                Modules[id] = Text();
                break;
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = _trace.AsSpan(_at, count);
        _at += count;
        return taken;
    }

    private byte Byte() => _trace[_at++];

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    private ulong Int64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Seven bits a byte, the lowest first.</summary>
    private ulong Varying()
    {
        var (value, shift) = (0ul, 0);
        while (true)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }

            shift += 7;
        }
    }

    private string Text()
    {
        var characters = MemoryMarshal.Cast<byte, char>(_trace.AsSpan(_at));
        var text = characters[..characters.IndexOf('\0')].ToString();
        _at += (text.Length + 1) * sizeof(char);
        return text;
    }
}
