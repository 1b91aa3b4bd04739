using System.Runtime.InteropServices;

namespace AsyncKit.Hosting;

/// <summary>Counts the outcomes of the last hour in slices of 5 s, so that their ratio forgets the past.</summary>
/// <remarks>Not thread-safe: its consumer has a lock. Invariant: each slice has the number of its time, so an old one is
/// recognized without a timer.</remarks>
internal sealed class OutcomeWindow(TimeProvider clock)
{
    private const int Slices = 720;

    public static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Length = Slice * Slices;

    private readonly Counts[] _slices = new Counts[Slices];
    private readonly long _start = clock.GetTimestamp();

    private long Now => (clock.GetElapsedTime(_start).Ticks / Slice.Ticks) + 1; // 0 is the number of an unused slice.

    public void Add(bool hasFailed)
    {
        var now = Now;
        ref var slice = ref _slices[now % Slices];
        slice = slice.Number == now ? slice : new Counts(now, 0, 0);
        slice = hasFailed ? slice with { Failed = slice.Failed + 1 } : slice with { Succeeded = slice.Succeeded + 1 };
    }

    /// <summary>Returns the outcomes of the time before now, rounded up to a slice.</summary>
    public (int Total, int Failed) Read(TimeSpan time)
    {
        var first = Now - (long)Math.Ceiling(time / Slice);
        var (total, failed) = (0, 0);
        foreach (var slice in _slices)
        {
            if (slice.Number > 0 && slice.Number > first)
            {
                total += slice.Succeeded + slice.Failed;
                failed += slice.Failed;
            }
        }

        return (total, failed);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Counts(long Number, int Succeeded, int Failed);
}
