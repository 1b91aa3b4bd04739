namespace AsyncKit.Tests;

/// <summary>The guarantees of a fan-out that is drained, for every entry point and source.</summary>
public abstract class FanOutDrainContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutTests(subject, world, leaks)
{
    private const int Moments = 51;
    private const int Count = 12;

    /// <summary>Whether an item starts in the same step in which it is taken from the source.</summary>
    protected virtual bool StartsAtOnce => true;

    [Fact]
    public Task A_drain_at_any_moment_completes_each_item_that_was_taken_exactly_once() => World.Scheduled.RunHereAndOnThreadsAsync(async () =>
    {
        foreach (var moment in World.IsScheduled ? [AsyncEnvironment.Random.Next(Moments)] : Enumerable.Range(0, Moments))
        {
            await DrainAfterAsync(moment);
        }
    });

    [Fact]
    public Task A_run_that_is_drained_at_the_call_starts_nothing_and_leaves_the_source_unused() => RunAsync(async () =>
    {
        var (started, isUsed) = (0, false);
        var options = StopAtFirst(3) with { DrainToken = new CancellationToken(canceled: true) };

        var results = await FanOutAsync(Items(), options, (item, _) =>
        {
            started++;
            return new ValueTask<int>(item);
        }).OrHangs();

        Assert.Empty(results);
        Assert.Equal(0, started);
        Assert.Equal(!IsPulled, isUsed); // An array is made of the items before the call.

        IEnumerable<int> Items()
        {
            isUsed = true;
            yield return 1;
        }
    });

    [Fact]
    public Task A_drain_does_not_cancel_the_operations() => RunAsync(async () =>
    {
        using var drain = new CancellationTokenSource();
        var (gate, tokens) = (new TestGate(), new List<CancellationToken>());
        var run = FanOutAsync(Enumerable.Range(0, 20), StopAtFirst(3) with { DrainToken = drain.Token }, async (item, token) =>
        {
            lock (tokens)
            {
                tokens.Add(token);
            }

            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(3);
        await World.CancelAsync(drain);
        await Task.Yield();

        Assert.False(run.IsCompleted);
        Assert.All(tokens, token => Assert.False(token.IsCancellationRequested));
        gate.Open();

        Assert.Equal((int[])[0, 1, 2], (await run.OrHangs()).Order());
        Assert.Equal(3, gate.Arrivals);
    });

    [Fact]
    public Task A_cancellation_during_a_drain_cancels_the_run() => RunAsync(async () =>
    {
        using var drain = new CancellationTokenSource();
        using var caller = new CancellationTokenSource();
        var gate = new TestGate();
        var run = FanOutAsync(
            Enumerable.Range(0, 20),
            StopAtFirst(3) with { DrainToken = drain.Token },
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            caller.Token);
        await gate.ArrivedAsync(3);
        await World.CancelAsync(drain);
        await World.CancelAsync(caller);

        var thrown = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal(caller.Token, thrown.CancellationToken);
        Assert.True(run.IsCanceled);
        Assert.Equal(3, gate.Arrivals);
    });

    [Fact]
    public Task A_failure_during_a_drain_is_thrown() => RunAsync(async () =>
    {
        foreach (var mode in Enum.GetValues<FailureMode>())
        {
            using var drain = new CancellationTokenSource();
            var gate = new TestGate();
            var options = new FanOutOptions { MaxConcurrency = 2, OnFailure = mode, DrainToken = drain.Token };
            var run = FanOutAsync(Enumerable.Range(0, 20), options, async (item, token) =>
            {
                await gate.PassAsync(CancellationToken.None);
                return item == 0 ? throw new FormatException() : item;
            });
            await gate.ArrivedAsync(2);
            await World.CancelAsync(drain);
            gate.Open();

            var thrown = await FailureOfAsync(run);
            Assert.IsType<FormatException>(mode == FailureMode.StopAtFirst ? thrown : thrown.InnerException);
            Assert.Equal(2, gate.Arrivals);
        }
    });

    [Fact]
    public Task A_drain_token_that_is_not_cancelled_changes_nothing() => RunAsync(async () =>
    {
        using var drain = new CancellationTokenSource();

        var results = await FanOutAsync(Enumerable.Range(0, Count), StopAtFirst(3) with { DrainToken = drain.Token }, async (item, _) =>
        {
            await Task.Yield();
            return item;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, Count), results.Order());
    });

    private async Task DrainAfterAsync(int moment)
    {
        const int limit = 3;
        using var drain = new CancellationTokenSource();
        var (taken, started, finished, late) = (0, new int[Count], new int[Count], 0);
        var takenLate = 0;

        var run = FanOutAsync(Items(), StopAtFirst(limit) with { DrainToken = drain.Token }, async (item, token) =>
        {
            Interlocked.Increment(ref started[item]);
            Interlocked.Add(ref late, drain.IsCancellationRequested ? 1 : 0);
            for (var yields = item % 4; yields > 0; yields--)
            {
                await Task.Yield();
            }

            token.ThrowIfCancellationRequested();
            Interlocked.Increment(ref finished[item]);
            return item;
        });
        for (var yields = 0; yields < moment; yields++)
        {
            await Task.Yield();
        }

        await (moment % 2 == 0 ? World.CancelAsync(drain) : Task.Run(drain.Cancel));
        var results = await run.OrHangs();

        Assert.Equal(Enumerable.Range(0, results.Length), IsInSourceOrder ? results : results.Order());
        Assert.All(started.Zip(finished), item => Assert.Equal(item.First, item.Second));
        Assert.All(finished.Take(results.Length), times => Assert.Equal(1, times));
        Assert.Equal(results.Length, finished.Sum());
        if (IsPulled && Ahead == 0)
        {
            Assert.Equal(taken, results.Length);
            Assert.InRange(takenLate, 0, 1); // One MoveNext may be in progress.
        }

        if (StartsAtOnce)
        {
            Assert.InRange(late, 0, IsPulled ? 1 + Ahead : limit); // Each worker may be claiming an item.
        }

        IEnumerable<int> Items()
        {
            for (var item = 0; item < Count; item++)
            {
                taken++;
                takenLate += drain.IsCancellationRequested ? 1 : 0;
                yield return item;
            }
        }
    }
}
