namespace AsyncKit.Tests;

/// <summary>The contract of start rates per key over every entry point, on threads and under schedules.</summary>
public static class FanOutKeyRateEntryPoints
{
    public sealed class ResultsOfArray(NothingLeftBehind leaks)
        : FanOutKeyRateContract(new FanOutSubjects.Async(SourceKind.Array), World.Scheduled, leaks);

    public sealed class ResultsOfAsyncEnumerable(NothingLeftBehind leaks)
        : FanOutKeyRateContract(new FanOutSubjects.Async(SourceKind.AsyncEnumerable), World.Scheduled, leaks);

    public sealed class ResultsOfQueued(NothingLeftBehind leaks)
        : FanOutKeyRateContract(new FanOutSubjects.Async(SourceKind.Queue), World.ScheduledBriefly, leaks);

    public sealed class StreamOfLazyEnumerable(NothingLeftBehind leaks) : FanOutKeyRateContract(
        new FanOutSubjects.Streamed(SourceKind.LazyEnumerable, FanOutOrder.Source), World.Scheduled, leaks);

    public sealed class OutcomesByCompletion(NothingLeftBehind leaks) : FanOutKeyRateContract(
        new FanOutSubjects.Outcomes(SourceKind.AsyncEnumerable, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class ReportOfList(NothingLeftBehind leaks)
        : FanOutKeyRateContract(new FanOutSubjects.Report(SourceKind.List), World.ScheduledBriefly, leaks);
}
