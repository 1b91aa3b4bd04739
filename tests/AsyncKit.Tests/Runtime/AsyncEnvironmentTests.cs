using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Who has control decides where the library continues, and nobody else.</summary>
public sealed class AsyncEnvironmentTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Without_a_controller_it_queues_to_the_pool_and_leaves_the_clock_alone()
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
    public async Task A_context_of_somebody_else_has_no_control()
    {
        var before = SynchronizationContext.Current;
        var foreign = new Foreign();
        SynchronizationContext.SetSynchronizationContext(foreign);
        Task run;
        try
        {
            Assert.Null(AsyncEnvironment.Controller);
            run = new int[5].FanOutAsync(2, async (_, token) => await Gate.Opened().PassAsync(token));
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        await run.OrHangs();
        Assert.Equal(0, foreign.Posts);
    }

    [Fact]
    public void Under_control_queued_work_continuations_clock_and_randomness_are_the_tests() =>
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
            Assert.Same(own, AsyncEnvironment.Clock(own)); // What the caller has chosen stays.
        }, new AsyncTestOptions { Schedules = 10 });

    [Fact]
    public void Under_control_a_completion_never_continues_inside_the_call() =>
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
    public void A_fan_out_under_control_never_leaves_the_controlled_thread() =>
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

    private sealed class Foreign : SynchronizationContext
    {
        public int Posts { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Posts++;
            ThreadPool.QueueUserWorkItem(_ => d(state));
        }
    }
}
