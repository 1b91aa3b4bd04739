namespace AsyncKit;

/// <summary>
/// Who waits for whom among lazy values: finds a factory that awaits itself, also through other factories, before it
/// waits.
/// </summary>
/// <remarks>
/// A factory's flow carries its <see cref="LazyRun"/>. A wait from inside it is an edge from that run to the lazy value
/// that is waited for, whose run has edges in turn. An edge is added only where it closes no circle, under one lock for
/// all, so of a circle's waits the last one is refused.
/// </remarks>
internal sealed class LazyNode
{
    private static readonly Lock Edges = new();
    private static readonly AsyncLocal<LazyRun?> Flow = new();

    private volatile LazyRun? _run;

    /// <summary>The run of this value's factory, if there is one.</summary>
    public LazyRun? Run
    {
        get => _run;
        set => _run = value;
    }

    /// <summary>The run inside which this is called: null when it has ended, since then nobody waits for it.</summary>
    public static LazyRun? Inside => Flow.Value is { HasEnded: false } run ? run : null;

    /// <summary>Only in an async method: what it sets, its caller does not see.</summary>
    public static void Enter(LazyRun run) => Flow.Value = run;

    /// <exception cref="InvalidOperationException">The wait would never end.</exception>
    public void WaitFrom(LazyRun waiting)
    {
        lock (Edges)
        {
            if (LeadsTo(waiting, []))
            {
                throw new InvalidOperationException(
                    "The factory of an AsyncLazy awaits its own value, directly or through another AsyncLazy.");
            }

            waiting.WaitsFor.Add(this);
        }
    }

    public void EndWaitFrom(LazyRun waiting)
    {
        lock (Edges)
        {
            _ = waiting.WaitsFor.Remove(this);
        }
    }

    private bool LeadsTo(LazyRun waiting, HashSet<LazyRun> seen) =>
        _run is { } run
        && (run == waiting || (seen.Add(run) && run.WaitsFor.Exists(next => next.LeadsTo(waiting, seen))));
}
