using System.Buffers.Text;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace AsyncKit.Comparison;

/// <summary>Reads the number of threads and the physical memory of this process, on Linux without
/// allocating.</summary>
internal sealed class ProcessGauge : IDisposable
{
    private const string StatusPath = "/proc/self/status";

    private readonly SafeFileHandle? _status = OperatingSystem.IsLinux() ? File.OpenHandle(StatusPath) : null;
    private readonly Process _process = Process.GetCurrentProcess();

    public (int Threads, long WorkingSet) Read()
    {
        if (_status is null)
        {
            _process.Refresh();
            return (_process.Threads.Count, _process.WorkingSet64);
        }

        Span<byte> buffer = stackalloc byte[4096];
        var text = buffer[..RandomAccess.Read(_status, buffer, fileOffset: 0)];
        return ((int)Field(text, "\nThreads:"u8), Field(text, "\nVmRSS:"u8) * 1024);
    }

    public void Dispose()
    {
        _status?.Dispose();
        _process.Dispose();
    }

    private static long Field(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var value = text[(text.IndexOf(name) + name.Length)..].TrimStart(" \t"u8);
        return Utf8Parser.TryParse(value, out long number, out _) ? number : 0;
    }
}
