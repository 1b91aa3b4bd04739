using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>A number on a cache line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct PaddedLong
{
    [FieldOffset(64)]
    public long Value;
}
