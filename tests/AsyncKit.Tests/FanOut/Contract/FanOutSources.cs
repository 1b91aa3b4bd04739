namespace AsyncKit.Tests;

/// <summary>The array of results: the contract over every kind of source, in both worlds.</summary>
public static class FanOutSources
{
    public sealed class Array(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.Array), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.Array), World.Scheduled, leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks)
        : FanOutCancellationContract(new FanOutSubjects.Async(SourceKind.Array), leaks);

    public sealed class List(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.List), World.Threads, leaks);

    public sealed class ListScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.List), World.ScheduledBriefly, leaks);

    public sealed class ListThreads(NothingLeftBehind leaks)
        : FanOutCancellationContract(new FanOutSubjects.Async(SourceKind.List), leaks);

    public sealed class ImmutableArray(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ImmutableArray), World.Threads, leaks);

    public sealed class ImmutableArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

    public sealed class ImmutableArrayThreads(NothingLeftBehind leaks)
        : FanOutCancellationContract(new FanOutSubjects.Async(SourceKind.ImmutableArray), leaks);

    public sealed class LazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.LazyEnumerable), World.Threads, leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

    public sealed class LazyEnumerableThreads(NothingLeftBehind leaks)
        : FanOutMemoryContract(new FanOutSubjects.Async(SourceKind.LazyEnumerable), leaks);

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), World.Threads, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), World.Scheduled, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks)
        : FanOutMemoryContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), leaks);

    public sealed class ChannelReader(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ChannelReader), World.Threads, leaks);

    public sealed class ChannelReaderScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Async(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);

    public sealed class ChannelReaderThreads(NothingLeftBehind leaks)
        : FanOutMemoryContract(new FanOutSubjects.Async(SourceKind.ChannelReader), leaks);

    public sealed class Tasks(NothingLeftBehind leaks)
        : FanOutTaskContract(SourceKind.LazyEnumerable, World.Threads, leaks);

    public sealed class TasksScheduled(NothingLeftBehind leaks)
        : FanOutTaskContract(SourceKind.LazyEnumerable, World.Scheduled, leaks);
}
