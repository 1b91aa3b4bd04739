namespace AsyncKit.Tests;

/// <summary>The whole contract of the entry points with a partition that never blocks, because each item has a
/// distinct key.</summary>
public static class FanOutPartitionSources
{
    public sealed class AsyncEnumerable(NothingLeftBehind leaks) : FanOutThreadContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable),
        World.ScheduledBriefly,
        leaks);

    public sealed class Streamed(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(
            new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source), SourceKind.AsyncEnumerable),
        World.ScheduledBriefly,
        leaks);

    public sealed class Outcomes(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(
            new FanOutSubjects.Outcomes(SourceKind.ChannelReader, FanOutOrder.Source), SourceKind.ChannelReader),
        World.ScheduledBriefly,
        leaks);

    public sealed class Report(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Report(SourceKind.List), SourceKind.List),
        World.ScheduledBriefly,
        leaks);

    public sealed class Queued(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Async(SourceKind.Queue), SourceKind.Queue),
        World.ScheduledBriefly,
        leaks);

    public sealed class Enumerable(NothingLeftBehind leaks)
        : PulledFanOutContract(PulledSubject.Partitioned(PulledSubject.Enumerable), World.ScheduledBriefly, leaks);

    public sealed class PulledAsyncEnumerable(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.Partitioned(PulledSubject.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class RatedStreamed(NothingLeftBehind leaks) : FanOutThreadContract(
        new FanOutSubjects.Partitioned(
            new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source),
            SourceKind.AsyncEnumerable,
            isRated: true),
        World.ScheduledBriefly,
        leaks);

    public sealed class RatedReport(NothingLeftBehind leaks) : FanOutContract(
        new FanOutSubjects.Partitioned(new FanOutSubjects.Report(SourceKind.Queue), SourceKind.Queue, isRated: true),
        World.ScheduledBriefly,
        leaks);

    public sealed class RatedAsyncEnumerable(NothingLeftBehind leaks)
        : PulledFanOutThreadContract(PulledSubject.Rated(PulledSubject.AsyncEnumerable), World.ScheduledBriefly, leaks);
}
