using System.Globalization;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Runs the tests of a contract on real threads or under schedules.</summary>
public abstract class World
{
    /// <summary>Of a thousand schedules, the number that runs: 100, or the value of ASYNCKIT_SCHEDULES.</summary>
    private static readonly int PerThousand =
        Environment.GetEnvironmentVariable("ASYNCKIT_SCHEDULES") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : 100;

    public static World Threads { get; } = new OnThreads();

    public static World Scheduled { get; } = new UnderSchedules(PerThousand);

    /// <summary>A few schedules, for a subject that differs from a fully scheduled one only in its source or results.</summary>
    public static World ScheduledBriefly { get; } = new UnderSchedules(5);

    /// <summary>True inside a schedule, where no real time limit is needed.</summary>
    public static bool IsScheduled => SynchronizationContext.Current is IServiceProvider;

    /// <summary>Returns the part of the schedules that runs, see ASYNCKIT_SCHEDULES.</summary>
    public static int Schedules(int all) => all * PerThousand / 1_000;

    /// <summary>Cancels the source. A schedule stays on its thread, because a hop to the thread pool costs more than
    /// all steps of most tests.</summary>
    public static Task CancelAsync(CancellationTokenSource source)
    {
        if (!IsScheduled)
        {
            return source.CancelAsync();
        }

        source.Cancel();
        return Task.CompletedTask;
    }

    /// <param name="test">The test. It may run several times, so it must create all state that it uses.</param>
    public abstract Task RunAsync(Func<Task> test);

    /// <summary>Runs the test in this world and on real threads.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task RunHereAndOnThreadsAsync(Func<Task> test)
    {
        if (this != Threads)
        {
            await RunAsync(test);
        }

        await Threads.RunAsync(test);
    }

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
