using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>A long on its own cache line, for a counter that all workers write.</summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct PaddedLong
{
    [FieldOffset(64)]
    public long Value;
}
