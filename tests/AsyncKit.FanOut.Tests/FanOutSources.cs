namespace AsyncKit.Tests;

/// <summary>The contract over every entry point and every kind of source. Each class runs on threads and under
/// schedules.</summary>
/// <remarks>The results run with every kind. The other entry points share the code of the sources, so each runs with
/// three kinds, and each kind runs with at least one of them.</remarks>
public static class FanOutSources
{
    /// <summary>The results as an array.</summary>
    public static class Results
    {
        private static FanOutSubjects.Async Of(SourceKind kind) => new(kind);

        public sealed class Array(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.Array), World.Scheduled, leaks);

        public sealed class List(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class ImmutableArray(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : FanOutMemoryContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutMemoryContract(Of(SourceKind.AsyncEnumerable), World.Scheduled, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : FanOutMemoryContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);

        public sealed class Queued(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.Queue), World.ScheduledBriefly, leaks);
    }

    /// <summary>A stream in source order.</summary>
    public static class Streamed
    {
        private static FanOutSubjects.Streamed Of(SourceKind kind) => new(kind, FanOutOrder.Source);

        public sealed class Array(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.Array), World.ScheduledBriefly, leaks);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : FanOutMemoryContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : FanOutMemoryContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);
    }

    /// <summary>A stream in order of completion.</summary>
    public static class StreamByCompletion
    {
        private static FanOutSubjects.Streamed Of(SourceKind kind) => new(kind, FanOutOrder.Completion);

        public sealed class List(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutMemoryContract(Of(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

        public sealed class Queued(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.Queue), World.ScheduledBriefly, leaks);
    }

    /// <summary>A stream of outcomes.</summary>
    public static class Outcomes
    {
        private static FanOutSubjects.Outcomes Of(SourceKind kind) => new(kind, FanOutOrder.Source);

        public sealed class ImmutableArray(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutCancellationContract(Of(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);
    }

    /// <summary>A report.</summary>
    public static class Report
    {
        private static FanOutSubjects.Report Of(SourceKind kind) => new(kind);

        public sealed class Array(NothingLeftBehind leaks)
            : FanOutThreadContract(Of(SourceKind.Array), World.ScheduledBriefly, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : FanOutThreadContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);

        public sealed class Queued(NothingLeftBehind leaks)
            : FanOutThreadContract(Of(SourceKind.Queue), World.ScheduledBriefly, leaks);
    }

    /// <summary>The guarantees about several exceptions, which only a task can report.</summary>
    public sealed class Tasks(NothingLeftBehind leaks)
        : FanOutTaskContract(SourceKind.LazyEnumerable, World.Scheduled, leaks);
}
