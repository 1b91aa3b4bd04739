using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Where the tests of a contract run: on real threads, or under a thousand schedules.</summary>
public abstract class World
{
    private const int Schedules = 1_000;

    public static World Threads { get; } = new OnThreads();

    public static World Scheduled { get; } = new UnderSchedules();

    /// <summary>True inside a schedule, where nothing needs a limit of real time.</summary>
    public static bool IsScheduled => SynchronizationContext.Current is IServiceProvider;

    /// <param name="test">Everything that it shares it must make itself: it may run more than once.</param>
    public abstract Task RunAsync(Func<Task> test);

    private sealed class OnThreads : World
    {
        public override Task RunAsync(Func<Task> test) => test();
    }

    private sealed class UnderSchedules : World
    {
        public override Task RunAsync(Func<Task> test)
        {
            AsyncTest.Run(_ => test(), new AsyncTestOptions { Schedules = Schedules });
            return Task.CompletedTask;
        }
    }
}
