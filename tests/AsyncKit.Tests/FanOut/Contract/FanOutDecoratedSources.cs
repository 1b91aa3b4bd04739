namespace AsyncKit.Tests;

/// <summary>The contract with every option that adds a step around each item.</summary>
public static class FanOutDecoratedSources
{
    public sealed class ResultsOfArray(NothingLeftBehind leaks)
        : FanOutContract(new DecoratedSubject(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array), World.Threads, leaks);

    public sealed class ResultsOfArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array), World.ScheduledBriefly, leaks);

    public sealed class ResultsOfArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new DecoratedSubject(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array), leaks);

    public sealed class ResultsOfAsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new DecoratedSubject(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable), World.Threads, leaks);

    public sealed class ResultsOfAsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class ResultsOfAsyncEnumerableThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new DecoratedSubject(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable), leaks);

    public sealed class StreamedOfLazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new DecoratedSubject(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), SourceKind.LazyEnumerable), World.Threads, leaks);

    public sealed class StreamedOfLazyEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

    public sealed class OutcomesOfAsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(new DecoratedSubject(new FanOutSubjects.Outcomes(SourceKind.AsyncEnumerable, FanOutOrder.Source), SourceKind.AsyncEnumerable), World.Threads, leaks);

    public sealed class OutcomesOfAsyncEnumerableScheduled(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Outcomes(SourceKind.AsyncEnumerable, FanOutOrder.Source), SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class ReportOfArray(NothingLeftBehind leaks)
        : FanOutContract(new DecoratedSubject(new FanOutSubjects.Report(SourceKind.Array), SourceKind.Array), World.Threads, leaks);

    public sealed class ReportOfArrayScheduled(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Report(SourceKind.Array), SourceKind.Array), World.ScheduledBriefly, leaks);

    public sealed class ReportOfArrayThreads(NothingLeftBehind leaks)
        : FanOutThreadContract(new DecoratedSubject(new FanOutSubjects.Report(SourceKind.Array), SourceKind.Array), leaks);
}
