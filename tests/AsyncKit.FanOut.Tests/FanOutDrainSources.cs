namespace AsyncKit.Tests;

/// <summary>The contract of a drain over every entry point and every kind of source, on threads and under
/// schedules.</summary>
public static class FanOutDrainSources
{
    /// <summary>The results as an array.</summary>
    public static class Results
    {
        private static FanOutSubjects.Async Of(SourceKind kind) => new(kind);

        public sealed class Array(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.Array), World.ScheduledBriefly, leaks);

        public sealed class List(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class ImmutableArray(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);
    }

    /// <summary>A stream in source order.</summary>
    public static class Streamed
    {
        private static FanOutSubjects.Streamed Of(SourceKind kind) => new(kind, FanOutOrder.Source);

        public sealed class Array(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.Array), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);
    }

    /// <summary>A stream in order of completion.</summary>
    public static class StreamByCompletion
    {
        private static FanOutSubjects.Streamed Of(SourceKind kind) => new(kind, FanOutOrder.Completion);

        public sealed class List(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);
    }

    /// <summary>A stream of outcomes.</summary>
    public static class Outcomes
    {
        private static FanOutSubjects.Outcomes Of(SourceKind kind) => new(kind, FanOutOrder.Source);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);
    }

    /// <summary>A report.</summary>
    public static class Report
    {
        private static FanOutSubjects.Report Of(SourceKind kind) => new(kind);

        public sealed class ImmutableArray(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(Of(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);
    }

    /// <summary>A partition that never blocks, because each item has a distinct key.</summary>
    public static class Partitioned
    {
        private static FanOutSubjects.Partitioned Of(FanOutSubject subject, SourceKind kind) => new(subject, kind);

        public sealed class ResultsOfList(NothingLeftBehind leaks)
            : FanOutDrainContract(
                Of(new FanOutSubjects.Async(SourceKind.List), SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class StreamedOfLazyEnumerable(NothingLeftBehind leaks)
            : FanOutDrainContract(
                Of(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), SourceKind.LazyEnumerable),
                World.ScheduledBriefly,
                leaks);
    }

    /// <summary>Every option that adds a step around each item.</summary>
    public static class Decorated
    {
        public abstract class Contract(FanOutSubject subject, SourceKind kind, NothingLeftBehind leaks)
            : FanOutDrainContract(new DecoratedSubject(subject, kind), World.ScheduledBriefly, leaks)
        {
            protected override bool StartsAtOnce => false; // It waits for the gate and the rate.
        }

        public sealed class ResultsOfArray(NothingLeftBehind leaks)
            : Contract(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array, leaks);

        public sealed class ResultsOfAsyncEnumerable(NothingLeftBehind leaks)
            : Contract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable, leaks);

        public sealed class StreamByCompletionOfLazyEnumerable(NothingLeftBehind leaks)
            : Contract(
                new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Completion),
                SourceKind.LazyEnumerable,
                leaks);

        public sealed class OutcomesOfChannelReader(NothingLeftBehind leaks)
            : Contract(
                new FanOutSubjects.Outcomes(SourceKind.ChannelReader, FanOutOrder.Source), SourceKind.ChannelReader, leaks);

        public sealed class ReportOfList(NothingLeftBehind leaks)
            : Contract(new FanOutSubjects.Report(SourceKind.List), SourceKind.List, leaks);
    }

    /// <summary>The whole contract of the fan-out with a drain token that is never cancelled.</summary>
    public static class Undrained
    {
        private static FanOutSubjects.Drainable Of(FanOutSubject subject, SourceKind kind) => new(subject, kind);

        public sealed class ResultsOfAsyncEnumerable(NothingLeftBehind leaks)
            : FanOutThreadContract(
                Of(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable),
                World.ScheduledBriefly,
                leaks);

        public sealed class Pulled(NothingLeftBehind leaks)
            : PulledFanOutContract(PulledSubject.Drainable(PulledSubject.AsyncEnumerable), World.ScheduledBriefly, leaks);
    }
}
