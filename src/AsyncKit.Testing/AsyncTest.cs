namespace AsyncKit.Testing;

/// <summary>Runs an async test body under many orders of its continuations, and under virtual time.</summary>
public static class AsyncTest
{
    private const string SwitchName = "AsyncKit.Testing";

    /// <summary>Runs the test body once per schedule, and throws for the first schedule that fails. A schedule is an
    /// order of the continuations that follows from a seed. The message contains the seed, which replays the
    /// schedule.</summary>
    /// <param name="test">The test body. It runs once per schedule, so it must create its own state.</param>
    /// <param name="options">The number of schedules, and the limits of each; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="test"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The AppContext switch AsyncKit.Testing is not set, or the call is
    /// inside another test body.</exception>
    /// <exception cref="AsyncTestException">A schedule failed. The inner exception is that of the test body, if it
    /// threw one.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>One continuation runs at a time. The seed determines the next one.</item>
    /// <item>The same seed produces the same order each time.</item>
    /// <item>When no continuation can run, the clock advances to the next timer, so an hour takes no real time. The
    /// seed determines the order of timers with the same due time.</item>
    /// <item>A deadlock fails instead of hanging: no continuation can run, no timer is pending, and the test body is
    /// not complete. The message names the async methods that wait.</item>
    /// <item>A test body fails if it leaves an async method unfinished, work queued, a timer pending, or the exception
    /// of a task unobserved. The message names them.</item>
    /// <item>A blocking wait on the controlled thread fails instead of hanging. It throws at the place of the
    /// wait.</item>
    /// <item>A schedule fails if it exceeds MaxVirtualTime or MaxSteps.</item>
    /// <item>The continuations of AsyncKit are controlled, too. Its default clock is the virtual one.</item>
    /// </list>
    /// The seed controls code that awaits without <c>ConfigureAwait(false)</c>. Code that uses the thread pool, such as
    /// <c>Task.Run</c>, <c>ConfigureAwait(false)</c> and the internals of <c>SemaphoreSlim</c>, completes before the
    /// next continuation runs, so it does not race with the rest. Only the order of several such work items depends on
    /// the thread pool.
    /// <para>
    /// Real time and real I/O are not controlled. Pass <see cref="AsyncTestContext.Time"/> on, and replace the network
    /// by a fake.
    /// </para>
    /// Works with any test framework, in a test method that is not async. Cost: one thread per call; a schedule adds
    /// little to the cost of the test body.
    /// </remarks>
    /// <example>
    /// <code>
    /// [Fact]
    /// public void Two_buyers_never_share_an_item() => AsyncTest.Run(async test =>
    /// {
    ///     var shop = new Shop(stock: 1, test.Time);
    ///     await Task.WhenAll(shop.BuyAsync(), shop.BuyAsync());
    ///     Assert.Equal(0, shop.Stock);
    /// });
    /// </code>
    /// </example>
    public static void Run(Func<AsyncTestContext, Task> test, AsyncTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(test);
        if (!AppContext.TryGetSwitch(SwitchName, out var isSet) || !isSet)
        {
            throw new InvalidOperationException(
                $"The AppContext switch {SwitchName} must be set when the test process starts. The package sets it in "
                + "a test project that references it. Without the package, add this to the project file: <ItemGroup>"
                + $"<RuntimeHostConfigurationOption Include=\"{SwitchName}\" Value=\"true\" /></ItemGroup>");
        }

        if (Schedule.Current is not null)
        {
            throw new InvalidOperationException(
                "AsyncTest.Run must not be called inside another test body; await the inner body instead.");
        }

        if (new ScheduleExplorer(test, options ?? new()).Explore() is { } failure)
        {
            throw failure;
        }
    }
}
