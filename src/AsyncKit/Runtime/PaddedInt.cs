using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>An int that shares its cache line with nothing, for counters that all workers write.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct PaddedInt
{
    [FieldOffset(64)]
    public int Value;
}
