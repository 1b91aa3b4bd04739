namespace AsyncKit.Tests;

/// <summary>A stream in source order: the contract over every kind of source, in both worlds.</summary>
public static class FanOutStreamSources
{
    public sealed class Array(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.Array, FanOutOrder.Source), World.Threads, leaks);

    public sealed class ArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.Array, FanOutOrder.Source), World.ScheduledBriefly, leaks);

    public sealed class ArrayThreads(NothingLeftBehind leaks)
        : FanOutCancellationContract(new FanOutSubjects.Streamed(SourceKind.Array, FanOutOrder.Source), leaks);

    public sealed class List(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Source), World.Threads, leaks);

    public sealed class ListScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Source), World.ScheduledBriefly, leaks);

    public sealed class ListThreads(NothingLeftBehind leaks)
        : FanOutCancellationContract(new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Source), leaks);

    public sealed class ImmutableArray(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ImmutableArray, FanOutOrder.Source), World.Threads, leaks);

    public sealed class ImmutableArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ImmutableArray, FanOutOrder.Source), World.ScheduledBriefly, leaks);

    public sealed class ImmutableArrayThreads(NothingLeftBehind leaks)
        : FanOutCancellationContract(new FanOutSubjects.Streamed(SourceKind.ImmutableArray, FanOutOrder.Source), leaks);

    public sealed class LazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), World.Threads, leaks);

    public sealed class LazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), World.ScheduledBriefly, leaks);

    public sealed class LazyEnumerableThreads(NothingLeftBehind leaks)
        : FanOutMemoryContract(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), leaks);

    public sealed class AsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source), World.Threads, leaks);

    public sealed class AsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source), World.ScheduledBriefly, leaks);

    public sealed class AsyncEnumerableThreads(NothingLeftBehind leaks)
        : FanOutMemoryContract(new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source), leaks);

    public sealed class ChannelReader(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ChannelReader, FanOutOrder.Source), World.Threads, leaks);

    public sealed class ChannelReaderScheduled(NothingLeftBehind leaks)
        : FanOutContract(new FanOutSubjects.Streamed(SourceKind.ChannelReader, FanOutOrder.Source), World.ScheduledBriefly, leaks);

    public sealed class ChannelReaderThreads(NothingLeftBehind leaks)
        : FanOutMemoryContract(new FanOutSubjects.Streamed(SourceKind.ChannelReader, FanOutOrder.Source), leaks);
}
