namespace AsyncKit.Tests;

/// <summary>A report: the contract over every kind of source, in both worlds.</summary>
public static class FanOutReportSources
{
    public sealed class Array(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.Array), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.Array), World.ScheduledBriefly, leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Report(SourceKind.Array), leaks);

    public sealed class List(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.List), World.Threads, leaks);

    public sealed class ListScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.List), World.ScheduledBriefly, leaks);

    public sealed class ListThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Report(SourceKind.List), leaks);

    public sealed class ImmutableArray(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.ImmutableArray), World.Threads, leaks);

    public sealed class ImmutableArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

    public sealed class ImmutableArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Report(SourceKind.ImmutableArray), leaks);

    public sealed class LazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.LazyEnumerable), World.Threads, leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

    public sealed class LazyEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Report(SourceKind.LazyEnumerable), leaks);

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.AsyncEnumerable), World.Threads, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Report(SourceKind.AsyncEnumerable), leaks);

    public sealed class ChannelReader(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.ChannelReader), World.Threads, leaks);

    public sealed class ChannelReaderScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Report(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);

    public sealed class ChannelReaderThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new FanOutSubjects.Report(SourceKind.ChannelReader), leaks);
}
