using System.Diagnostics;

namespace AsyncKit;

/// <summary>Detects a nested fan-out that uses the gate of the fan-out around it, which would deadlock. Debug builds
/// only.</summary>
internal static class GateNesting
{
    private static readonly AsyncLocal<HeldGate?> Held = new();

    /// <summary>Asserts that no item around this one holds a permit of the gate, and notes that this one takes one.
    /// Must be called in the flow of the item.</summary>
    [Conditional("DEBUG")]
    public static void AssertNotHeld(ConcurrencyGate gate)
    {
        for (var held = Held.Value; held is not null; held = held.Outer)
        {
            if (held.Gate == gate)
            {
                throw new InvalidOperationException(
                    $"Gate must not be the gate of a fan-out around this one: an item of it holds a permit of {gate} "
                    + "and waits for this fan-out, which waits for a permit.");
            }
        }

        Held.Value = new HeldGate(gate, Held.Value);
    }

    private sealed record HeldGate(ConcurrencyGate Gate, HeldGate? Outer);
}
