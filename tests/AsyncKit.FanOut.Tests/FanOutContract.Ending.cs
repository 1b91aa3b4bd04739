namespace AsyncKit.Tests;

/// <content>How a run completes.</content>
public abstract partial class FanOutContract
{
    [Fact]
    public Task A_run_with_a_failed_item_awaits_everything_it_started() => RunAsync(async () =>
    {
        var (stubborn, release, ended) = (new TestGate(), new TaskCompletionSource(), 0);
        var run = FanOutAsync(Enumerable.Range(0, 4), StopAtFirst(4), async (item, token) =>
        {
            if (item == 0)
            {
                await stubborn.ArrivedAsync(3);
                throw new InvalidOperationException("first");
            }

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stubborn.PassAsync(token));
            await release.Task; // Ignores its token.
            Interlocked.Increment(ref ended);
            return item;
        });
        await stubborn.ArrivedAsync(3);

        Assert.False(run.IsCompleted);
        release.SetResult();

        Assert.Equal("first", (await FailureOfAsync(run)).Message);
        Assert.Equal(3, ended);
    });

    [Fact]
    public Task A_cancelled_run_awaits_everything_it_started() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (cancelling, release, ended) = (new TestGate(), new TaskCompletionSource(), 0);
        var run = FanOutAsync(
            Enumerable.Range(0, 9),
            StopAtFirst(3),
            async (item, token) =>
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelling.PassAsync(token));
                await release.Task;
                Interlocked.Increment(ref ended);
                return item;
            },
            cts.Token);
        await cancelling.ArrivedAsync(3);
        await World.CancelAsync(cts);

        Assert.False(run.IsCompleted);
        release.SetResult();

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal(3, ended);
    });

    [Fact]
    public Task The_first_failure_cancels_the_token_of_the_operations_and_is_thrown_unwrapped() => RunAsync(async () =>
    {
        var first = new InvalidOperationException("first");
        var (gate, cancelled) = (new TestGate(), 0);

        var run = FanOutAsync(Enumerable.Range(0, 100), StopAtFirst(4), async (item, token) =>
        {
            if (item == 2)
            {
                await gate.ArrivedAsync(3);
                throw first;
            }

            try
            {
                await gate.PassAsync(token);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
                throw;
            }

            return item;
        });

        Assert.Same(first, await FailureOfAsync(run));
        Assert.Equal(3, cancelled);
        Assert.True(run.IsFaulted);
    });

    [Fact]
    public Task No_item_is_pulled_or_started_after_the_first_failure() => RunAsync(async () =>
    {
        var (gate, pulled, started) = (new TestGate(), 0, 0);

        var run = FanOutAsync(Items(), StopAtFirst(4), async (item, token) =>
        {
            Interlocked.Increment(ref started);
            if (item == 3)
            {
                await gate.ArrivedAsync(3);
                throw new InvalidOperationException();
            }

            await gate.PassAsync(token);
            return item;
        });
        await FailureOfAsync(run);

        Assert.Equal(4, started);
        Assert.True(!IsPulled || pulled <= 4 + Ahead, $"{pulled} items were pulled.");

        IEnumerable<int> Items()
        {
            for (var item = 0; item < 1_000; item++)
            {
                pulled++;
                yield return item;
            }
        }
    });

    [Fact]
    public Task The_index_of_the_failed_item_is_in_the_data_of_the_exception() => RunAsync(async () =>
    {
        var run = FanOutAsync(Enumerable.Range(0, 50), StopAtFirst(1), (item, _) =>
            item == 17 ? throw new InvalidOperationException() : new ValueTask<int>(item));

        Assert.Equal(17, (await FailureOfAsync(run)).Data["AsyncKit.Index"]);
    });

    [Fact]
    public Task An_exception_object_that_several_items_throw_keeps_the_index_of_the_first() => RunAsync(async () =>
    {
        var shared = new InvalidOperationException();
        var run = FanOutAsync(Enumerable.Range(0, 9), RunToEnd(3), (item, _) =>
            item >= 4 ? throw shared : new ValueTask<int>(item));

        var all = Assert.IsType<FanOutException>(await FailureOfAsync(run));

        Assert.Equal(5, all.Failures.Count);
        Assert.Equal(4, shared.Data["AsyncKit.Index"]);
    });

    [Fact]
    public Task An_OperationCanceledException_of_an_unrelated_token_is_a_failure() => RunAsync(async () =>
    {
        using var unrelated = new CancellationTokenSource();
        await World.CancelAsync(unrelated);

        var run = FanOutAsync(Enumerable.Range(0, 5), StopAtFirst(2), async (item, _) =>
        {
            await Task.Yield();
            unrelated.Token.ThrowIfCancellationRequested();
            return item;
        });

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.True(run.IsFaulted);
    });

    [Fact]
    public Task An_OperationCanceledException_without_a_cancellation_is_a_failure_with_RunToEnd() => RunAsync(async () =>
    {
        using var callers = new CancellationTokenSource();

        var run = FanOutAsync(
            Enumerable.Range(0, 5),
            RunToEnd(2),
            (item, _) => item == 3 ? throw new TaskCanceledException("HttpClient's timeout") : new ValueTask<int>(item),
            callers.Token);

        Assert.Equal(3, Assert.Single(Assert.IsType<FanOutException>(await FailureOfAsync(run)).Failures).Index);
        Assert.True(run.IsFaulted);
    });

    [Fact]
    public Task Cancellations_that_the_run_caused_are_not_reported() => RunAsync(async () =>
    {
        var gate = new TestGate();

        var run = FanOutAsync(Enumerable.Range(0, 64), StopAtFirst(16), async (item, token) =>
        {
            if (item == 0)
            {
                await gate.ArrivedAsync(15);
                throw new InvalidOperationException();
            }

            await gate.PassAsync(token);
            return item;
        });
        await FailureOfAsync(run);

        Assert.IsType<InvalidOperationException>(Assert.Single(run.Exception!.InnerExceptions));
    });

    [Fact]
    public Task A_failure_before_the_callers_cancellation_faults_the_task() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var gate = new TestGate();

        var run = FanOutAsync(
            Enumerable.Range(0, 4),
            StopAtFirst(4),
            async (item, token) =>
            {
                if (item == 0)
                {
                    await gate.ArrivedAsync(3);
                    throw new InvalidOperationException("first");
                }

                try
                {
                    await gate.PassAsync(token);
                }
                finally
                {
                    await World.CancelAsync(cts); // The caller cancels after the run has recorded the failure.
                }

                return item;
            },
            cts.Token);

        Assert.Equal("first", (await FailureOfAsync(run)).Message);
        Assert.True(run.IsFaulted);
        Assert.Single(run.Exception!.InnerExceptions);
    });

    [Fact]
    public Task A_cancellation_before_any_failure_throws_with_the_token_of_the_caller() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var gate = new TestGate();
        var run = FanOutAsync(
            Enumerable.Range(0, 9),
            StopAtFirst(3),
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(3);
        await World.CancelAsync(cts);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));

        Assert.Equal(cts.Token, cancelled.CancellationToken);
        Assert.Null(cancelled.InnerException);
        Assert.True(run.IsCanceled);
        Assert.Equal(3, gate.Arrivals);
    });

    [Fact]
    public Task A_failure_after_the_callers_cancellation_is_its_inner_exception() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var run = FanOutAsync(
            Enumerable.Range(0, 3),
            StopAtFirst(1),
            async (item, _) =>
            {
                await World.CancelAsync(cts);
                return item == 0 ? throw new InvalidOperationException("lost elsewhere") : item;
            },
            cts.Token);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));

        Assert.Equal(cts.Token, cancelled.CancellationToken);
        Assert.Equal("lost elsewhere", Assert.IsType<InvalidOperationException>(cancelled.InnerException).Message);
        Assert.Equal(0, cancelled.InnerException.Data["AsyncKit.Index"]);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task All_failures_after_the_callers_cancellation_are_in_its_inner_exception() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var gate = new TestGate();
        var run = FanOutAsync(
            Enumerable.Range(0, 3),
            StopAtFirst(3),
            async (item, token) =>
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.PassAsync(token));
                return item == 1 ? item : throw new InvalidOperationException("item " + item);
            },
            cts.Token);
        await gate.ArrivedAsync(3);
        await World.CancelAsync(cts);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));

        var all = Assert.IsType<FanOutException>(cancelled.InnerException);
        Assert.Equal([0, 2], all.Failures.Select(failure => failure.Index));
    });

    [Fact]
    public Task A_cancellation_is_never_reported_as_success() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var run = FanOutAsync(
            Enumerable.Range(0, 100),
            StopAtFirst(2),
            async (item, _) =>
            {
                if (item == 8)
                {
                    await World.CancelAsync(cts);
                }

                return item; // Ignores the token, so every started item succeeds.
            },
            cts.Token);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_run_whose_items_all_succeed_before_it_observes_the_cancellation_succeeds() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var run = FanOutAsync(
            Enumerable.Range(0, 10), StopAtFirst(3), (item, _) => new ValueTask<int>(item), cts.Token);
        await run.OrHangs();
        await World.CancelAsync(cts);

        Assert.Equal(10, (await run).Length);
    });

    [Fact]
    public Task A_token_that_is_cancelled_at_the_call_cancels_the_run_and_the_source_is_not_used() => RunAsync(async () =>
    {
        var touched = false;

        var run = FanOutAsync(
            Items(), StopAtFirst(2), (item, _) => new ValueTask<int>(item), new CancellationToken(canceled: true));

        Assert.True(run.IsCanceled);
        Assert.True(!IsPulled || !touched);
        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));

        IEnumerable<int> Items()
        {
            touched = true;
            yield return 1;
        }
    });

    [Fact]
    public Task RunToEnd_runs_every_item_and_throws_one_flat_exception_in_source_order() => RunAsync(async () =>
    {
        var runs = 0;
        var run = FanOutAsync(Enumerable.Range(0, 30), RunToEnd(4), async (item, _) =>
        {
            for (var i = 30 - item; i > 0; i--)
            {
                await Task.Yield();
            }

            Interlocked.Increment(ref runs);
            return item % 7 == 3 ? throw new InvalidOperationException("item " + item) : item;
        });

        var all = Assert.IsType<FanOutException>(await FailureOfAsync(run));

        Assert.Equal(30, runs);
        Assert.Equal([3, 10, 17, 24], all.Failures.Select(failure => failure.Index));
        Assert.Equal([3, 10, 17, 24], all.Failures.Select(failure => failure.Item));
        Assert.Equal(all.Failures.Select(failure => failure.Exception), all.InnerExceptions);
        Assert.Equal([3, 10, 17, 24], all.InnerExceptions.Select(exception => exception.Data["AsyncKit.Index"]));
        Assert.Same(all, Assert.Single(run.Exception!.InnerExceptions));
    });

    [Fact]
    public Task A_cancelled_RunToEnd_has_the_flat_exception_as_its_inner_exception() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var run = FanOutAsync(
            Enumerable.Range(0, 100),
            RunToEnd(1),
            async (item, _) =>
            {
                if (item == 5)
                {
                    await World.CancelAsync(cts);
                }

                return item == 2 ? throw new InvalidOperationException() : item;
            },
            cts.Token);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));

        Assert.Equal(cts.Token, cancelled.CancellationToken);
        Assert.Equal(2, Assert.Single(Assert.IsType<FanOutException>(cancelled.InnerException).Failures).Index);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_throwing_cancellation_callback_is_reported_and_the_run_completes() => RunAsync(async () =>
    {
        var gate = new TestGate();
        var run = FanOutAsync(Enumerable.Range(0, 3), StopAtFirst(3), async (item, token) =>
        {
            if (item == 0)
            {
                await gate.ArrivedAsync(2);
                throw new InvalidOperationException("first");
            }

            token.Register(() => throw new NotSupportedException("callback"));
            await gate.PassAsync(token);
            return item;
        });
        await FailureOfAsync(run);

        Assert.Equal("first", run.Exception!.InnerExceptions[0].Message);
        Assert.All(run.Exception.InnerExceptions.Skip(1), one => Assert.IsType<NotSupportedException>(one));
    });

    [Fact]
    public Task An_operation_that_throws_before_its_first_await_ends_the_run_with_that_error() => RunAsync(async () =>
    {
        var run = FanOutAsync<int, int>(
            Enumerable.Range(0, 9), StopAtFirst(3), (_, _) => throw new InvalidOperationException("sync"));

        Assert.Equal("sync", (await FailureOfAsync(run)).Message);
    });
}
