namespace AsyncKit.Tests;

/// <summary>The guarantees of a fan-out about its use of an enumerator, tested with a source that records its calls and
/// can fail.</summary>
public abstract class PulledFanOutContract(PulledSubject subject, World world, NothingLeftBehind leaks)
    : PulledFanOutTests(subject, world, leaks)
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

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public Task The_source_is_enumerated_once_by_one_MoveNext_at_a_time_and_disposed_once(int limit) => RunAsync(async () =>
    {
        var source = new ProbedSource(100) { OnMoveNext = item => Thread.SpinWait(item % 7 * 20) };

        var results = await FanOutAsync(source, Limit(limit), async (item, _) =>
        {
            if (item % 3 == 0)
            {
                await Task.Yield();
            }

            return item;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, 100), results);
        AssertUsedProperly(source);
    });

    [Fact]
    public Task An_item_is_pulled_only_when_it_can_start() => RunAsync(async () =>
    {
        var (ended, tooMany) = (0, 0);
        var source = new ProbedSource(200)
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
    });

    [Fact]
    public Task The_source_of_a_cancelled_run_is_disposed_in_the_callers_context() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var local = new AsyncLocal<string> { Value = "caller" };
        var (gate, seen) = (new TestGate(), "nothing");
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
    });

    [Theory]
    [MemberData(nameof(Faults))]
    public Task A_failing_source_ends_the_run_with_that_error(SourceFault fault, FailureMode mode) => RunAsync(async () =>
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
    });

    [Fact]
    public Task A_source_that_fails_cancels_the_operations_in_flight_and_the_run_awaits_them() => RunAsync(async () =>
    {
        var (gate, cancelled) = (new TestGate(), 0);
        var source = new ProbedSource(30) { Fault = SourceFault.MoveNext, FaultAt = 3 };

        await Assert.ThrowsAsync<SourceFaultException>(() => FanOutAsync(source, Limit(10), async (item, token) =>
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.PassAsync(token));
            Interlocked.Increment(ref cancelled);
            return item;
        }).OrHangs());

        Assert.Equal(3, cancelled);
    });

    [Fact]
    public Task A_source_that_fails_with_RunToEnd_is_reported_after_the_items_which_all_complete() => RunAsync(async () =>
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
    });

    [Fact]
    public Task An_OperationCanceledException_of_the_source_without_a_cancellation_is_a_failure() => RunAsync(async () =>
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
    });

    [Fact]
    public Task A_token_that_is_cancelled_at_the_call_leaves_the_source_unused() => RunAsync(async () =>
    {
        var source = new ProbedSource(3);

        var run = FanOutAsync(
            source, Limit(3), (item, _) => new ValueTask<int>(item), new CancellationToken(canceled: true));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(0, source.Enumerated);
    });

    [Fact]
    public Task A_run_whose_items_all_succeed_before_it_observes_the_cancellation_succeeds() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var source = new ProbedSource(3) { OnDispose = cts.Cancel };

        var results = await FanOutAsync(source, Limit(2), (item, _) => new ValueTask<int>(item), cts.Token).OrHangs();

        Assert.Equal([0, 1, 2], results);
        AssertUsedProperly(source);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public Task A_source_that_ends_because_it_is_cancelled_does_not_make_the_run_succeed(int limit) => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var source = new ProbedSource(3)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 3)
                {
                    cts.Cancel(); // Then ends, as if the source had only three items.
                }
            },
        };

        var run = FanOutAsync(source, Limit(limit), (item, _) => new ValueTask<int>(item), cts.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.True(run.IsCanceled);
        AssertUsedProperly(source);
    });

    [Fact]
    public Task An_item_that_is_pulled_during_the_cancellation_is_not_started() => RunAsync(async () =>
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
    });

    [Fact]
    public Task A_result_after_the_cancellation_is_not_a_success_even_if_the_source_ended() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (proceed, source) = (new TestGate(), new ProbedSource(1));
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await proceed.PassAsync(CancellationToken.None);
                await World.CancelAsync(cts);
                return item;
            }),
            Limit(2),
            cts.Token).RunAsync();
        await Hang.UntilAsync(() => pulled.Lock.IsClosed); // The second worker found the end.
        proceed.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        AssertUsedProperly(source);
    });

    [Fact]
    public Task A_run_that_is_cancelled_before_its_first_worker_leaves_the_source_unused() => RunAsync(async () =>
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
    });
}
