using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>An int on its own cache line, for a counter that all workers write.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct PaddedInt
{
    [FieldOffset(64)]
    public int Value;
}
