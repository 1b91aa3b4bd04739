namespace AsyncKit.Tests;

/// <summary>The contract of the queue over every entry point, on threads and under schedules.</summary>
public static class FanOutQueueEntryPoints
{
    private static FanOutSubject Results => new FanOutSubjects.Async(SourceKind.Queue);

    private static FanOutSubject Stream => new FanOutSubjects.Streamed(SourceKind.Queue, FanOutOrder.Source);

    public sealed class AsResults(NothingLeftBehind leaks) : FanOutQueueContract(Results, World.Scheduled, leaks);

    public sealed class Streamed(NothingLeftBehind leaks) : FanOutQueueContract(Stream, World.Scheduled, leaks);

    public sealed class AsStreamByCompletion(NothingLeftBehind leaks) : FanOutQueueContract(
        new FanOutSubjects.Streamed(SourceKind.Queue, FanOutOrder.Completion), World.Scheduled, leaks);

    public sealed class AsOutcomes(NothingLeftBehind leaks) : FanOutQueueContract(
        new FanOutSubjects.Outcomes(SourceKind.Queue, FanOutOrder.Source), World.Scheduled, leaks);

    public sealed class AsOutcomesByCompletion(NothingLeftBehind leaks) : FanOutQueueContract(
        new FanOutSubjects.Outcomes(SourceKind.Queue, FanOutOrder.Completion), World.ScheduledBriefly, leaks);

    public sealed class AsReport(NothingLeftBehind leaks) : FanOutQueueContract(
        new FanOutSubjects.Report(SourceKind.Queue), World.Scheduled, leaks);

    public sealed class Partitioned(NothingLeftBehind leaks) : FanOutQueueContract(
        new FanOutSubjects.Partitioned(Stream, SourceKind.Queue), World.ScheduledBriefly, leaks);
}
