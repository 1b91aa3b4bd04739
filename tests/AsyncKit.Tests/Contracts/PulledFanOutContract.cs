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

    private protected abstract PulledSource<int> Create(ProbedSource source);

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
        var gate = new Gate();
        var source = new ProbedSource(40)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 32)
                {
                    unblock.Wait();
                }
            },
        };
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            }),
            Limit(32),
            CancellationToken.None).RunAsync();
        await gate.ArrivedAsync(32);
        gate.Open(); // Now all 32 want the next item, and whoever gets in blocks.

        await Hang.UntilAsync(() => pulled.Gate.ParkedWorkers == 31); // The others have given their threads back.
        unblock.Set();

        Assert.Equal(40, (await run.OrHangs()).Length);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task The_limit_is_reached_again_after_workers_had_to_wait_for_the_source()
    {
        var (slow, rest) = (new Gate(), new Gate());
        using var next = new SemaphoreSlim(0);
        var source = new ProbedSource(8) { OnMoveNext = pulled => next.Wait(TimeSpan.FromSeconds(30)) };
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await (item < 4 ? slow : rest).PassAsync(token);
                return item;
            }),
            Limit(4),
            CancellationToken.None).RunAsync();
        next.Release(4);
        await slow.ArrivedAsync(4);
        slow.Open();
        await Hang.UntilAsync(() => pulled.Gate.ParkedWorkers == 3); // The fourth is in MoveNext.

        next.Release(5);
        await rest.ArrivedAsync(4); // Nobody leaves before all four are in.
        rest.Open();

        Assert.Equal(8, (await run.OrHangs()).Length);
        Assert.Equal(4, rest.Peak);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task The_source_sees_the_callers_context_and_not_that_of_an_item()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new HashSet<string?>(StringComparer.Ordinal);
        var source = new ProbedSource(50)
        {
            OnMoveNext = _ => seen.Add(local.Value),
            OnDispose = () => seen.Add(local.Value),
        };
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>((item, _) =>
            {
                // The first item ends after the other worker has found the end, so its worker is the last to leave.
                Assert.True(item > 0 || SpinWait.SpinUntil(() => pulled.Gate.IsClosed, TimeSpan.FromSeconds(30)));
                local.Value = "item";
                return new ValueTask<int>(item);
            }),
            Limit(2),
            CancellationToken.None).RunAsync();
        local.Value = "later";
        await run.OrHangs();

        Assert.Equal("caller", Assert.Single(seen));
    }

    [Fact]
    public async Task The_source_of_a_cancelled_run_is_disposed_in_the_callers_context()
    {
        using var cts = new CancellationTokenSource();
        var local = new AsyncLocal<string> { Value = "caller" };
        var (gate, seen) = (new Gate(), "nothing");
        var source = new ProbedSource(50) { OnDispose = () => seen = local.Value };
        var run = FanOutAsync(
            source,
            Limit(2),
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(2);
        local.Value = "canceller";
        await Task.Run(cts.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal("caller", seen);
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
        var source = new ProbedSource(3) { OnDispose = cts.Cancel };

        var results = await FanOutAsync(source, Limit(2), (item, _) => new ValueTask<int>(item), cts.Token).OrHangs();

        Assert.Equal([0, 1, 2], results);
        AssertUsedProperly(source);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_source_that_ends_because_it_was_cancelled_is_not_taken_for_one_that_ended(int limit)
    {
        using var cts = new CancellationTokenSource();
        var source = new ProbedSource(3)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 3)
                {
                    cts.Cancel(); // And then ends, as if these three were all.
                }
            },
        };

        var run = FanOutAsync(source, Limit(limit), (item, _) => new ValueTask<int>(item), cts.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.True(run.IsCanceled);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task An_item_that_was_pulled_when_the_cancellation_came_is_not_started()
    {
        using var cts = new CancellationTokenSource();
        var (started, source) = (0, new ProbedSource(1) { OnMoveNext = _ => cts.Cancel() });

        var run = FanOutAsync(
            source,
            Limit(1),
            (item, _) =>
            {
                started++;
                return new ValueTask<int>(item);
            },
            cts.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal(0, started);
    }

    [Fact]
    public async Task A_result_that_came_after_the_cancellation_is_no_success_though_the_source_had_ended()
    {
        using var cts = new CancellationTokenSource();
        var (proceed, source) = (new Gate(), new ProbedSource(1));
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await proceed.PassAsync(CancellationToken.None);
                await cts.CancelAsync();
                return item;
            }),
            Limit(2),
            cts.Token).RunAsync();
        await Hang.UntilAsync(() => pulled.Gate.IsClosed); // The second worker has found the end.
        proceed.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task Cancelled_between_the_call_and_the_first_worker_the_source_is_not_touched_either()
    {
        var source = new ProbedSource(3);
        var run = new FanOutRun<int, int>(
            null,
            Create(source),
            new Operation<int, int>((item, _) => new ValueTask<int>(item)),
            Limit(2),
            new CancellationToken(canceled: true)).RunAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal(0, source.Enumerated);
    }

    [Fact]
    public void Nothing_is_left_behind() => leaks.Check();
}
