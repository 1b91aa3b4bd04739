using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Only a test in control decides where the library continues.</summary>
public sealed class AsyncEnvironmentTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Without_control_work_runs_on_the_thread_pool_and_the_clock_is_unchanged()
    {
        var item = new Item();

        AsyncEnvironment.Queue(item);
        await item.Executed.Task.OrHangs();

        Assert.True(item.WasOnPool);
        Assert.Null(AsyncEnvironment.Controller);
        Assert.Same(TimeProvider.System, AsyncEnvironment.Clock(TimeProvider.System));
        Assert.Same(Random.Shared, AsyncEnvironment.Random);
    }

    [Fact]
    public async Task An_unrelated_SynchronizationContext_has_no_control()
    {
        var before = SynchronizationContext.Current;
        var unrelated = new UnrelatedContext();
        SynchronizationContext.SetSynchronizationContext(unrelated);
        Task run;
        try
        {
            Assert.Null(AsyncEnvironment.Controller);
            run = new int[5].FanOutAsync(2, async (_, token) => await TestGate.Opened().PassAsync(token));
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        await run.OrHangs();
        Assert.Equal(0, unrelated.Posts);
    }

    [Fact]
    public void Under_control_the_test_runs_queued_work_and_provides_clock_and_randomness() =>
        AsyncTest.Run(async context =>
        {
            var thread = Environment.CurrentManagedThreadId;
            var item = new Item();

            AsyncEnvironment.Queue(item);
            await context.RunUntilIdleAsync();

            Assert.Equal(thread, item.Thread);
            Assert.Same(context.Time, AsyncEnvironment.Clock(TimeProvider.System));
            Assert.Same(context.Random, AsyncEnvironment.Random);
            var own = new VirtualTime();
            Assert.Same(own, AsyncEnvironment.Clock(own)); // An explicit clock is kept.
        }, new AsyncTestOptions { Schedules = 10 });

    [Fact]
    public void Under_control_no_continuation_runs_inside_a_completion() =>
        AsyncTest.Run(async context =>
        {
            var completion = AsyncEnvironment.NewCompletion<int>();
            var isInside = false;
            var seen = SeeAsync();

            isInside = true;
            AsyncEnvironment.Complete(completion, 7);
            isInside = false;

            Assert.False(await seen);

            async Task<bool> SeeAsync()
            {
                await completion.Task;
                return isInside;
            }
        });

    [Fact]
    public void A_fan_out_under_control_stays_on_the_thread_of_the_test() =>
        AsyncTest.Run(async context =>
        {
            var threads = new HashSet<int>();

            await Enumerable.Range(0, 10).FanOutAsync(3, async (item, token) =>
            {
                threads.Add(Environment.CurrentManagedThreadId);
                await Task.Delay(TimeSpan.FromSeconds(item), context.Time, token);
                threads.Add(Environment.CurrentManagedThreadId);
            });

            Assert.Equal(Environment.CurrentManagedThreadId, Assert.Single(threads));
        });

    private sealed class Item : IThreadPoolWorkItem
    {
        public TaskCompletionSource Executed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool WasOnPool { get; private set; }

        public int Thread { get; private set; }

        public void Execute()
        {
            WasOnPool = System.Threading.Thread.CurrentThread.IsThreadPoolThread;
            Thread = Environment.CurrentManagedThreadId;
            Executed.SetResult();
        }
    }

    private sealed class UnrelatedContext : SynchronizationContext
    {
        public int Posts { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Posts++;
            ThreadPool.QueueUserWorkItem(_ => d(state));
        }
    }
}
