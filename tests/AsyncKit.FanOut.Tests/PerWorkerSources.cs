namespace AsyncKit.Tests;

/// <summary>The contract of a resource for each worker over every entry point and every kind of source, and the contract
/// of the fan-out with such a resource. Each class runs on threads and under schedules.</summary>
public static class PerWorkerSources
{
    public static class Results
    {
        private static Func<WorkerProbes, FanOutSubject> Of(SourceKind kind) =>
            probes => new FanOutSubjects.PerWorkerAsync(kind, probes);

        public sealed class Array(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.Array), World.Scheduled, leaks);

        public sealed class List(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class ImmutableArray(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.ImmutableArray), World.ScheduledBriefly, leaks);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.AsyncEnumerable), World.Scheduled, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);
    }

    public static class Streamed
    {
        private static Func<WorkerProbes, FanOutSubject> Of(SourceKind kind) =>
            probes => new FanOutSubjects.PerWorkerStreamed(kind, FanOutOrder.Source, probes);

        public sealed class Array(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.Array), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.AsyncEnumerable), World.Scheduled, leaks);
    }

    public static class StreamByCompletion
    {
        private static Func<WorkerProbes, FanOutSubject> Of(SourceKind kind) =>
            probes => new FanOutSubjects.PerWorkerStreamed(kind, FanOutOrder.Completion, probes);

        public sealed class List(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.List), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.AsyncEnumerable), World.Scheduled, leaks);
    }

    public static class Outcomes
    {
        private static Func<WorkerProbes, FanOutSubject> Of(SourceKind kind) =>
            probes => new FanOutSubjects.PerWorkerOutcomes(kind, FanOutOrder.Source, probes);

        public sealed class LazyEnumerable(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

        public sealed class AsyncEnumerable(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.AsyncEnumerable), World.Scheduled, leaks);
    }

    public static class Report
    {
        private static Func<WorkerProbes, FanOutSubject> Of(SourceKind kind) =>
            probes => new FanOutSubjects.PerWorkerReport(kind, probes);

        public sealed class Array(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.Array), World.Scheduled, leaks);

        public sealed class ChannelReader(NothingLeftBehind leaks)
            : PerWorkerContract(Of(SourceKind.ChannelReader), World.ScheduledBriefly, leaks);
    }

    /// <summary>The contract of the fan-out, with a resource for each worker.</summary>
    public static class FanOuts
    {
        public sealed class ResultsOfAsyncEnumerable(NothingLeftBehind leaks)
            : FanOutThreadContract(new FanOutSubjects.PerWorkerAsync(SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

        public sealed class StreamedOfLazyEnumerable(NothingLeftBehind leaks)
            : FanOutThreadContract(new FanOutSubjects.PerWorkerStreamed(SourceKind.LazyEnumerable, FanOutOrder.Source), World.ScheduledBriefly, leaks);

        public sealed class OutcomesOfChannelReader(NothingLeftBehind leaks)
            : FanOutThreadContract(new FanOutSubjects.PerWorkerOutcomes(SourceKind.ChannelReader, FanOutOrder.Source), World.ScheduledBriefly, leaks);

        public sealed class DecoratedArray(NothingLeftBehind leaks) : FanOutThreadContract(
            new DecoratedSubject(new FanOutSubjects.PerWorkerAsync(SourceKind.Array), SourceKind.Array),
            World.ScheduledBriefly,
            leaks);
    }
}
