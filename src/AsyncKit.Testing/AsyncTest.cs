namespace AsyncKit.Testing;

/// <summary>
/// Runs an async test body many times on one controlled thread and under virtual time, each time with a different order
/// of its continuations. A failure names the seed of its order, and the seed replays it.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>One continuation runs at a time. The seed decides which of those that can run is next.</item>
/// <item>The same seed gives the same order every time.</item>
/// <item>When nothing can run, the clock advances to the next timer, so an hour takes no time. If several timers are due
/// at once, the seed decides which fires first.</item>
/// <item>A deadlock fails the test instead of hanging it: nothing can run, no timer is pending, and the body has not
/// completed. The message names the async methods that still wait.</item>
/// <item>A body fails if it leaves an async method unfinished, work queued, a timer pending, or the exception of a task
/// unobserved. The message names them.</item>
/// <item>A blocking wait on the controlled thread fails the test instead of hanging it: the wait throws.</item>
/// <item>A schedule fails if it exceeds the virtual time or the steps that the options allow.</item>
/// <item>The continuations of AsyncKit are controlled too, and its default clock is the virtual one.</item>
/// </list>
/// Awaits without <c>ConfigureAwait(false)</c> are controlled. Code that uses the thread pool anyway, such as
/// <c>Task.Run</c>, <c>ConfigureAwait(false)</c> and the internals of <c>SemaphoreSlim</c>, is not. The schedule waits for
/// it before anything else runs, so it does not race with the rest. Only the order of several such calls at once is
/// left to the thread pool.
/// <para>Real time and real I/O are not controlled. Pass <see cref="AsyncTestContext.Time"/> to the code under test, and
/// a fake for the network.</para>
/// Works with any test framework, in a test method that is not async. Cost: one thread per call; the overhead of a
/// schedule is small compared with the body.
/// </remarks>
public static class AsyncTest
{
    private const string SwitchName = "AsyncKit.Testing";

    /// <summary>Runs the body under each schedule, and throws for the first schedule that fails.</summary>
    /// <param name="test">The test body. It is called once per schedule, so it must create all state that it
    /// uses.</param>
    /// <param name="options">The number of schedules and the definition of a failure; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="test"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The AppContext switch AsyncKit.Testing is not set, or the call is
    /// inside the body of another call.</exception>
    /// <exception cref="AsyncTestException">A schedule failed. The inner exception is the one that the body
    /// threw.</exception>
    public static void Run(Func<AsyncTestContext, Task> test, AsyncTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(test);
        if (!AppContext.TryGetSwitch(SwitchName, out var isSet) || !isSet)
        {
            throw new InvalidOperationException(
                $"The AppContext switch {SwitchName} must be set when the test process starts. The package sets it for "
                + "a test project that references it. Without the package, add to the project file: <ItemGroup>"
                + $"<RuntimeHostConfigurationOption Include=\"{SwitchName}\" Value=\"true\" /></ItemGroup>");
        }

        if (Schedule.Current is not null)
        {
            throw new InvalidOperationException(
                "AsyncTest.Run must not be called inside the body of another call. Await the inner body instead.");
        }

        if (new ScheduleExplorer(test, options ?? new()).Explore() is { } failure)
        {
            throw failure;
        }
    }
}
