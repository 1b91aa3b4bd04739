using System.Diagnostics;

namespace AsyncKit;

/// <summary>Takes a permit of a gate for an item of a fan-out. Debug builds refuse what would wait for itself: an item of
/// a fan-out inside an item that holds a permit of the same gate.</summary>
internal static class SharedGate
{
    private static readonly AsyncLocal<Holding?> Held = new();

    /// <summary>Not async: what it notes is for the caller's flow.</summary>
    public static ValueTask<Lease> EnterAsync(ConcurrencyGate gate, CancellationToken token)
    {
        AssertNotHeld(gate);
        return gate.AcquireAsync(token);
    }

    [Conditional("DEBUG")]
    private static void AssertNotHeld(ConcurrencyGate gate)
    {
        for (var held = Held.Value; held is not null; held = held.Outer)
        {
            if (held.Gate == gate)
            {
                throw new InvalidOperationException(
                    $"Gate must not be that of a fan-out around this one: an item of it holds a permit of {gate} and waits "
                    + "for this one, which waits for a permit.");
            }
        }

        Held.Value = new Holding(gate, Held.Value);
    }

    private sealed record Holding(ConcurrencyGate Gate, Holding? Outer);
}
