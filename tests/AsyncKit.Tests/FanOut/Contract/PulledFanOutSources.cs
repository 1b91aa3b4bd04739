namespace AsyncKit.Tests;

/// <summary>The two kinds of enumerators; each runs the whole contract, in both worlds.</summary>
public static class PulledFanOutSources
{
    public sealed class Enumerable(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.Enumerable, World.Threads, leaks);

    public sealed class EnumerableThreads(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.Enumerable, leaks);

    public sealed class EnumerableScheduled(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.Enumerable, World.Scheduled, leaks);

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.AsyncEnumerable, World.Threads, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.AsyncEnumerable, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.AsyncEnumerable, World.Scheduled, leaks);

    public sealed class AsyncEnumerableWaits(NothingLeftBehind leaks)
        : AsyncPulledFanOutContract(World.Threads, leaks);

    public sealed class AsyncEnumerableWaitsScheduled(NothingLeftBehind leaks)
        : AsyncPulledFanOutContract(World.Scheduled, leaks);
}
