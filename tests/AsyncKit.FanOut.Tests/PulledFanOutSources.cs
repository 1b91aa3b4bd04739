namespace AsyncKit.Tests;

/// <summary>The two kinds of enumerators; each runs the whole contract, in both worlds.</summary>
public static class PulledFanOutSources
{
    public sealed class Enumerable(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.Enumerable, World.Scheduled, leaks);

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.AsyncEnumerable, World.Scheduled, leaks);

    public sealed class AsyncEnumerableWaits(NothingLeftBehind leaks)
        : AsyncPulledFanOutContract(World.Scheduled, leaks);
}
