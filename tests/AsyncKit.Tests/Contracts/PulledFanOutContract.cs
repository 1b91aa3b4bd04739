namespace AsyncKit.Tests;

/// <summary>What a fan-out guarantees about how it uses an enumerator, watched by a source that can also
/// fail.</summary>
public abstract class PulledFanOutContract(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<SourceFault, FailureMode> Faults()
    {
        var data = new TheoryData<SourceFault, FailureMode>();
        foreach (var fault in Enum.GetValues<SourceFault>().Except([SourceFault.None]))
        {
            data.Add(fault, FailureMode.StopAtFirst);
            data.Add(fault, FailureMode.RunToEnd);
        }

        return data;
    }

    private protected abstract Task<TResult[]> FanOutAsync<TResult>(
        ProbedSource source,
        FanOutOptions options,
        Func<int, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default);

    private static FanOutOptions Limit(int limit) => new() { MaxConcurrency = limit };

    private static void AssertUsedProperly(ProbedSource source)
    {
        Assert.Equal(1, source.Enumerated);
        Assert.Equal(1, source.Disposed);
        Assert.Equal(1, source.PeakMoveNext);
        Assert.False(source.DisposedWhileMoving);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public async Task The_source_is_enumerated_once_one_MoveNext_at_a_time_and_disposed_exactly_once(int limit)
    {
        var source = new ProbedSource(500) { OnMoveNext = item => Thread.SpinWait(item % 7 * 20) };

        var results = await FanOutAsync(source, Limit(limit), async (item, _) =>
        {
            if (item % 3 == 0)
            {
                await Task.Yield();
            }

            return item;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, 500), results);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task An_item_is_pulled_only_when_it_can_start()
    {
        var (ended, tooMany) = (0, 0);
        var source = new ProbedSource(2_000)
        {
            OnMoveNext = pulled =>
            {
                if (pulled - Volatile.Read(ref ended) >= 4)
                {
                    tooMany++;
                }
            },
        };

        await FanOutAsync(source, Limit(4), async (item, _) =>
        {
            await Task.Yield();
            Interlocked.Increment(ref ended);
            return item;
        }).OrHangs();

        Assert.Equal(0, tooMany);
    }

    [Fact]
    public async Task A_slow_or_blocking_MoveNext_occupies_at_most_one_pool_thread()
    {
        using var unblock = new ManualResetEventSlim();
        var blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new Gate();
        var source = new ProbedSource(40)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 32)
                {
                    blocked.SetResult();
                    unblock.Wait();
                }
            },
        };
        var run = FanOutAsync(source, Limit(32), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(32);
        var busyBefore = int.MaxValue;
        for (var i = 0; i < 100; i++)
        {
            await Task.Yield();
            busyBefore = Math.Min(busyBefore, BusyPoolThreads());
        }

        gate.Open(); // Now all 32 want the next item, and whoever gets in blocks.
        await blocked.Task.OrHangs();

        // One more than before is in MoveNext. Were more blocked, this would never be reached.
        await Hang.UntilAsync(() => BusyPoolThreads() <= busyBefore + 1);
        unblock.Set();

        Assert.Equal(40, (await run.OrHangs()).Length);
        AssertUsedProperly(source);

        static int BusyPoolThreads()
        {
            ThreadPool.GetMaxThreads(out var all, out _);
            ThreadPool.GetAvailableThreads(out var available, out _);
            return all - available;
        }
    }

    [Fact]
    public async Task The_source_never_runs_on_the_callers_thread()
    {
        var source = new ProbedSource(20);
        var run = Task.CompletedTask;
        var caller = new Thread(() => run = FanOutAsync(source, Limit(3), (item, _) => new ValueTask<int>(item)));

        caller.Start();
        caller.Join();
        await run.OrHangs();

        Assert.NotEmpty(source.Threads);
        Assert.DoesNotContain(caller.ManagedThreadId, source.Threads);
    }

    [Fact]
    public async Task The_source_is_never_disposed_inside_Cancel_even_if_the_bodies_wait_for_the_callers_token_itself()
    {
        using var cts = new CancellationTokenSource();
        var (gate, source) = (new Gate(), new ProbedSource(20));
        var run = FanOutAsync(
            source,
            Limit(3),
            async (item, _) =>
            {
                await gate.PassAsync(cts.Token).ConfigureAwait(false); // Continues inside Cancel.
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(3);

        var canceller = new Thread(cts.Cancel);
        canceller.Start();
        canceller.Join();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal(1, source.Disposed);
        Assert.DoesNotContain(canceller.ManagedThreadId, source.Threads);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_failing_source_ends_the_run_with_that_error(SourceFault fault, FailureMode mode)
    {
        foreach (var limit in (int[])[1, 4, 100])
        {
            var source = new ProbedSource(30) { Fault = fault, FaultAt = 10 };
            var options = new FanOutOptions { MaxConcurrency = limit, OnFailure = mode };

            var thrown = await Assert.ThrowsAnyAsync<Exception>(() => FanOutAsync(source, options, async (item, _) =>
            {
                await Task.Yield();
                return item;
            }).OrHangs());

            var cause = mode == FailureMode.StopAtFirst
                ? thrown
                : Assert.Single(Assert.IsType<FanOutException>(thrown).InnerExceptions);
            Assert.Equal(fault.ToString(), Assert.IsType<SourceFaultException>(cause).Message);
            Assert.Equal(1, source.Enumerated);
            Assert.Equal(fault == SourceFault.GetEnumerator ? 0 : 1, source.Disposed);
            Assert.False(source.DisposedWhileMoving);
        }
    }

    [Fact]
    public async Task A_source_that_fails_stops_the_bodies_in_flight_and_awaits_them()
    {
        var (gate, cancelled) = (new Gate(), 0);
        var source = new ProbedSource(30) { Fault = SourceFault.MoveNext, FaultAt = 3 };

        await Assert.ThrowsAsync<SourceFaultException>(() => FanOutAsync(source, Limit(10), async (item, token) =>
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.PassAsync(token));
            Interlocked.Increment(ref cancelled);
            return item;
        }).OrHangs());

        Assert.Equal(3, cancelled);
    }

    [Fact]
    public async Task A_source_that_fails_under_RunToEnd_comes_after_the_items_failures_and_its_items_run_to_their_end()
    {
        var ended = 0;
        var source = new ProbedSource(30) { Fault = SourceFault.MoveNext, FaultAt = 8 };
        var options = new FanOutOptions { MaxConcurrency = 3, OnFailure = FailureMode.RunToEnd };

        var all = await Assert.ThrowsAsync<FanOutException>(() => FanOutAsync(source, options, async (item, token) =>
        {
            await Task.Yield();
            Interlocked.Increment(ref ended);
            token.ThrowIfCancellationRequested();
            return item % 4 == 1 ? throw new InvalidOperationException() : item;
        }).OrHangs());

        Assert.Equal(8, ended);
        Assert.Equal([1, 5], all.Failures.Select(failure => failure.Index));
        Assert.Equal(3, all.InnerExceptions.Count);
        Assert.IsType<SourceFaultException>(all.InnerExceptions[2]);
    }

    [Fact]
    public async Task An_OperationCanceledException_of_the_source_without_a_cancellation_is_a_failure()
    {
        var source = new ProbedSource(30)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 5)
                {
                    throw new OperationCanceledException("the source's own timeout");
                }
            },
        };

        var run = FanOutAsync(source, Limit(3), (item, _) => new ValueTask<int>(item));

        var thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal("the source's own timeout", thrown.Message);
        Assert.True(run.IsFaulted);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task Already_cancelled_at_the_call_the_source_is_not_touched()
    {
        var source = new ProbedSource(3);

        var run = FanOutAsync(
            source, Limit(3), (item, _) => new ValueTask<int>(item), new CancellationToken(canceled: true));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(0, source.Enumerated);
    }

    [Fact]
    public async Task If_every_item_had_succeeded_before_the_cancellation_was_seen_the_run_succeeded()
    {
        using var cts = new CancellationTokenSource();
        var source = new ProbedSource(3)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 3)
                {
                    cts.Cancel(); // All three have succeeded, and their worker stands here: nobody else can see it.
                }
            },
        };

        var results = await FanOutAsync(source, Limit(1), (item, _) => new ValueTask<int>(item), cts.Token).OrHangs();

        Assert.Equal([0, 1, 2], results);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task A_result_that_came_after_the_cancellation_was_seen_does_not_make_the_run_a_success()
    {
        using var cts = new CancellationTokenSource();
        var source = new ProbedSource(1);

        var run = FanOutAsync(
            source,
            Limit(1),
            async (item, _) =>
            {
                await cts.CancelAsync();
                return item;
            },
            cts.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        AssertUsedProperly(source);
    }

    [Fact]
    public void Nothing_is_left_behind() => leaks.Check();
}
