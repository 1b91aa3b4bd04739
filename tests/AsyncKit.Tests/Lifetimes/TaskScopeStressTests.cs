namespace AsyncKit.Tests;

/// <summary>Scopes on real threads, with a limit: children add children, fail and are cancelled. After the join or the
/// disposal, every child is complete.</summary>
public sealed class TaskScopeStressTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "TaskScope")]
    public Task No_child_starts_after_the_first_failure() => StressTime.RunAsync(async seed =>
    {
        using var both = new Barrier(2);
        var calls = 0;
        await using var scope = TaskScope.Open(new TaskScopeOptions { MaxConcurrency = 2 });
        for (var child = 0; child < 30; child++)
        {
            _ = scope.Run(token =>
            {
                if (Interlocked.Increment(ref calls) <= 2)
                {
                    both.SignalAndWait(TimeSpan.FromSeconds(30), CancellationToken.None); // Two children run, then both fail.
                }

                return ValueTask.FromException(new FormatException());
            });
        }

        await Assert.ThrowsAsync<FormatException>(() => scope.JoinAsync()).OrHangs();

        Assert.Equal(2, calls);
    });

    [Fact]
    [Trait(StressTime.Trait, "TaskScope")]
    public Task Every_child_completes_before_the_scope_does_and_MaxConcurrency_holds() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        for (var round = 0; round < 50; round++)
        {
            await RoundAsync(random).OrHangs();
        }

        leaks.Check();
    });

    private static async Task RoundAsync(Random random)
    {
        using var cts = new CancellationTokenSource();
        var most = random.Next(1, 5);
        var (policy, ending) = ((TaskScopePolicy)random.Next(3), random.Next(4));
        var (running, peak, started) = (0, 0, 0);
        var tasks = new System.Collections.Concurrent.ConcurrentBag<Task>();
        await using var scope = TaskScope.Open(new TaskScopeOptions { MaxConcurrency = most, Policy = policy }, cts.Token);
        var seed = random.Next();
        for (var child = 0; child < 20; child++)
        {
            Add(depth: 3, seed + child);
        }

        var cancelling = ending == 1 ? Task.Run(cts.Cancel) : ending == 2 ? Task.Run(scope.Cancel) : Task.CompletedTask;
        if (ending == 3)
        {
            await scope.DisposeAsync();
        }
        else
        {
            _ = await Record.ExceptionAsync(scope.JoinAsync);
        }

        Assert.Equal(0, running);
        Assert.All(tasks, task => Assert.True(task.IsCompleted));
        Assert.InRange(peak, 0, most);
        await cancelling;
        Assert.Throws<ObjectDisposedException>(() => { _ = scope.Run(_ => Task.CompletedTask); });

        void Add(int depth, int childSeed) => tasks.Add(scope.Run(async token =>
        {
            var own = new Random(childSeed);
            InterlockedMax(ref peak, Interlocked.Increment(ref running));
            try
            {
                if (depth > 1 && own.Next(2) == 0)
                {
                    Add(depth - 1, own.Next());
                }

                await Task.Yield();
                if (own.Next(40) == 0)
                {
                    throw new FormatException();
                }

                if (own.Next(4) == 0)
                {
                    token.ThrowIfCancellationRequested();
                }

                Interlocked.Increment(ref started);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }));

        static void InterlockedMax(ref int most, int value)
        {
            for (var seen = Volatile.Read(ref most); value > seen;)
            {
                seen = Interlocked.CompareExchange(ref most, value, seen) is var now && now == seen ? value : now;
            }
        }
    }
}
