namespace AsyncKit.Tests;

/// <summary>The contract with every option that adds a step around each item.</summary>
public static class FanOutDecoratedSources
{
    public sealed class ResultsOfArray(NothingLeftBehind leaks)
        : FanOutThreadContract(
            new DecoratedSubject(new FanOutSubjects.Async(SourceKind.Array), SourceKind.Array), World.ScheduledBriefly, leaks);

    public sealed class ResultsOfAsyncEnumerable(NothingLeftBehind leaks)
        : FanOutThreadContract(
            new DecoratedSubject(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class StreamedOfLazyEnumerable(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), SourceKind.LazyEnumerable), World.ScheduledBriefly, leaks);

    public sealed class OutcomesOfAsyncEnumerable(NothingLeftBehind leaks)
        : FanOutContract(
            new DecoratedSubject(new FanOutSubjects.Outcomes(SourceKind.AsyncEnumerable, FanOutOrder.Source), SourceKind.AsyncEnumerable), World.ScheduledBriefly, leaks);

    public sealed class ReportOfArray(NothingLeftBehind leaks)
        : FanOutThreadContract(
            new DecoratedSubject(new FanOutSubjects.Report(SourceKind.Array), SourceKind.Array), World.ScheduledBriefly, leaks);
}
