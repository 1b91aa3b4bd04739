namespace AsyncKit.Tests;

/// <summary>The whole contract of every entry point with a partition that never blocks, because each item has a
/// distinct key.</summary>
public static class FanOutPartitionSources
{
    public sealed class Array(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array),
        World.ScheduledBriefly,
        leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks) : FanOutThreadContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array), leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.LazyEnumerable), SourceKind.LazyEnumerable),
        World.ScheduledBriefly,
        leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable),
        World.ScheduledBriefly,
        leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks) : FanOutThreadContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable),
        leaks);

    public sealed class StreamScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(
            new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source), SourceKind.AsyncEnumerable),
        World.ScheduledBriefly,
        leaks);

    public sealed class StreamByCompletionScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(
            new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Completion), SourceKind.List),
        World.ScheduledBriefly,
        leaks);

    public sealed class OutcomesScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(
            new FanOutSubjects.Outcomes(SourceKind.ChannelReader, FanOutOrder.Source), SourceKind.ChannelReader),
        World.ScheduledBriefly,
        leaks);

    public sealed class ReportScheduled(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Report(SourceKind.List), SourceKind.List),
        World.ScheduledBriefly,
        leaks);

    public sealed class Enumerable(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.Partitioned(PulledSubject.Enumerable), World.Threads, leaks);

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.Partitioned(PulledSubject.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class AsyncEnumerablePulledThreads(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.Partitioned(PulledSubject.AsyncEnumerable), leaks);
}
