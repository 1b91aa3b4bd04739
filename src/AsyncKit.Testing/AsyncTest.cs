namespace AsyncKit.Testing;

/// <summary>
/// Runs an async test body many times on one controlled thread, under virtual time, each time with another order of its
/// continuations. A failure names the seed of its order, and the seed replays it.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>One continuation runs at a time. Which one is next, of those that can run, follows from the seed.</item>
/// <item>The same seed gives the same order every time.</item>
/// <item>When nothing can run, the clock goes on to the next timer; an hour takes no time. Which of several that are due
/// at once fires first follows from the seed.</item>
/// <item>A deadlock is a failure and not a hang: nothing can run, no timer is pending, and the body has not ended. The
/// message names the async methods that still wait.</item>
/// <item>A body that leaves an async method unfinished, work queued or a timer pending has failed, and so has one that
/// leaves the exception of a task unobserved. The message names them.</item>
/// <item>A blocking wait on the controlled thread is a failure and not a hang: it throws where it waits.</item>
/// <item>More virtual time or more steps than the options allow are a failure.</item>
/// <item>AsyncKit's own continuations are controlled as well, and its default clock is the virtual one.</item>
/// </list>
/// Controlled is what awaits without <c>ConfigureAwait(false)</c>. What goes through the thread pool all the same, such
/// as <c>Task.Run</c>, <c>ConfigureAwait(false)</c> and the inside of <c>SemaphoreSlim</c>, is waited for before
/// anything else runs, so it is no race with the rest; only the order of several such at once is left to the pool.
/// <para>Real time and real I/O are not controlled: pass <see cref="AsyncTestContext.Time"/> on, and a fake for the
/// network.</para>
/// Works with any test framework, in a test method that is not async. Cost: a thread for each call; a schedule
/// costs little beside what the body does.
/// </remarks>
public static class AsyncTest
{
    private const string SwitchName = "AsyncKit.Testing";

    /// <summary>Runs the body under each schedule and returns when all have passed; throws for the first that
    /// fails.</summary>
    /// <param name="test">The test body: called once for each schedule, so what it shares it must make itself.</param>
    /// <param name="options">How many schedules, which, and what counts as a failure; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="test"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The AppContext switch AsyncKit.Testing is not set, or the call is
    /// inside the body of another one.</exception>
    /// <exception cref="AsyncTestException">A schedule has failed. The body's own exception is the inner
    /// one.</exception>
    public static void Run(Func<AsyncTestContext, Task> test, AsyncTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(test);
        if (!AppContext.TryGetSwitch(SwitchName, out var isSet) || !isSet)
        {
            throw new InvalidOperationException(
                $"The AppContext switch {SwitchName} must be set when the test process starts. The package does so for "
                + "a test project that refers to it; without the package, add to the project file: <ItemGroup>"
                + $"<RuntimeHostConfigurationOption Include=\"{SwitchName}\" Value=\"true\" /></ItemGroup>");
        }

        if (Schedule.Current is not null)
        {
            throw new InvalidOperationException(
                "AsyncTest.Run must not be called inside the body of another one: await the inner body instead.");
        }

        if (new ScheduleExplorer(test, options ?? new()).Explore() is { } failure)
        {
            throw failure;
        }
    }
}
