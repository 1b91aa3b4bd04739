namespace AsyncKit.Testing;

/// <summary>A timer of a <see cref="VirtualTime"/>, whose lock guards every field that changes.</summary>
internal sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
{
    private const long MaxMilliseconds = uint.MaxValue - 1;

    private readonly ExecutionContext? _context = ExecutionContext.Capture(); // Null if the flow is suppressed.

    public static IComparer<VirtualTimer> ByDueTime { get; } = Comparer<VirtualTimer>.Create(
        (x, y) => x.Due != y.Due ? x.Due.CompareTo(y.Due) : x.Sequence.CompareTo(y.Sequence));

    public long Due { get; set; }

    public long Sequence { get; set; }

    /// <summary>The period in ticks; zero for a timer that fires once.</summary>
    public long Period { get; set; }

    public int Running { get; set; }

    public bool IsDisposed { get; set; }

    public TaskCompletionSource? Completed { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period) =>
        time.Set(this, Ticks(dueTime, nameof(dueTime)), Ticks(period, nameof(period)) ?? 0);

    public void Fire()
    {
        if ((_context ?? ExecutionContext.Capture()) is { } context)
        {
            ExecutionContext.Run(context, static timer => ((VirtualTimer)timer!).Call(), this);
        }
        else
        {
            Call();
        }
    }

    public void Dispose() => time.Remove(this);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return time.WhenCompletedAsync(this);
    }

    /// <returns>The number of ticks; null for infinite.</returns>
    private static long? Ticks(TimeSpan value, string name) => value == Timeout.InfiniteTimeSpan
        ? null
        : value >= TimeSpan.Zero && value.TotalMilliseconds <= MaxMilliseconds
            ? value.Ticks
            : throw new ArgumentOutOfRangeException(
                name, value, $"{name} must be from 0 to {MaxMilliseconds} ms, or infinite.");

    private void Call() => callback(state);
}
