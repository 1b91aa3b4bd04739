using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Where the tests of a contract run: on real threads, or under schedules.</summary>
public abstract class World
{
    public static World Threads { get; } = new OnThreads();

    public static World Scheduled { get; } = new UnderSchedules(1_000);

    /// <summary>For what differs from that only in the kind of source, or in how results are handed out.</summary>
    public static World ScheduledBriefly { get; } = new UnderSchedules(10);

    /// <summary>True inside a schedule, where nothing needs a limit of real time.</summary>
    public static bool IsScheduled => SynchronizationContext.Current is IServiceProvider;

    /// <param name="test">Everything that it shares it must make itself: it may run more than once.</param>
    public abstract Task RunAsync(Func<Task> test);

    private sealed class OnThreads : World
    {
        public override Task RunAsync(Func<Task> test) => test();
    }

    private sealed class UnderSchedules(int schedules) : World
    {
        public override Task RunAsync(Func<Task> test)
        {
            AsyncTest.Run(_ => test(), new AsyncTestOptions { Schedules = schedules });
            return Task.CompletedTask;
        }
    }
}
