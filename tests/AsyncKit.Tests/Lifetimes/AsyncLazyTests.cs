using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The guarantees of <see cref="AsyncLazy{T}"/>.</summary>
public sealed class AsyncLazyTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncLocal<string?> Ambient = new();

    [Fact]
    public Task The_factory_runs_once_for_all_waiters() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var runs = 0;
        var lazy = new AsyncLazy<int>(async _ =>
        {
            await Task.Yield();
            return ++runs;
        });

        var values = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => lazy.GetAsync().AsTask()));

        Assert.All(values, value => Assert.Equal(1, value));
        Assert.True(lazy.IsCreated);
        Assert.True(lazy.TryGet(out var kept));
        Assert.Equal(1, kept);
        var again = lazy.GetAsync().AsTask();
        Assert.True(again.IsCompletedSuccessfully);
        Assert.Equal(1, await lazy.GetAsync(new CancellationToken(canceled: true)));
    });

    [Fact]
    public Task The_token_of_a_waiter_cancels_only_its_own_wait() => World.Scheduled.RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var release = new TaskCompletionSource<int>();
        var lazy = new AsyncLazy<int>(async token => await release.Task.WaitAsync(token));
        var leaving = lazy.GetAsync(cts.Token).AsTask();
        var staying = lazy.GetAsync().AsTask();

        await cts.CancelAsync();
        var thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => leaving);
        Assert.Equal(cts.Token, thrown.CancellationToken);
        Assert.False(staying.IsCompleted);
        release.SetResult(3);

        Assert.Equal(3, await staying);
    });

    [Fact]
    public Task The_factory_is_cancelled_when_the_last_waiter_leaves_and_runs_again_for_a_later_caller() =>
        World.Scheduled.RunAsync(async () =>
        {
            using var cts = new CancellationTokenSource();
            var (runs, running, mostRunning, gate) = (0, 0, 0, new TestGate());
            var lazy = new AsyncLazy<int>(async token =>
            {
                mostRunning = Math.Max(mostRunning, ++running);
                try
                {
                    if (++runs == 1)
                    {
                        await gate.PassAsync(token);
                    }

                    return runs;
                }
                finally
                {
                    await Task.Yield();
                    running--;
                }
            });
            var first = lazy.GetAsync(cts.Token).AsTask();
            await gate.ArrivedAsync(1);

            var cancelling = cts.CancelAsync();
            var second = lazy.GetAsync().AsTask(); // Joins the run, or waits for the next one.
            gate.Open();
            await cancelling;

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            Assert.InRange(await second, 1, 2);
            Assert.Equal(1, mostRunning);
        });

    [Fact]
    public Task A_value_that_a_cancelled_factory_still_returns_is_kept() => World.ScheduledBriefly.RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (runs, release, cancelled) = (0, new TaskCompletionSource<int>(), new TestGate());
        var lazy = new AsyncLazy<int>(async token =>
        {
            runs++;
            using var registration = token.Register(cancelled.Arrive);
            return await release.Task;
        });
        var first = lazy.GetAsync(cts.Token).AsTask();

        await cts.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = lazy.GetAsync().AsTask();
        release.SetResult(5);

        Assert.Equal(5, await second);
        Assert.Equal(1, runs);
    });

    [Fact]
    public Task A_failure_is_thrown_to_every_waiter_and_is_not_kept() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var (runs, release) = (0, new TaskCompletionSource());
        var lazy = new AsyncLazy<int>(async _ =>
        {
            await release.Task;
            return ++runs == 1 ? throw new InvalidOperationException("first") : runs;
        });
        var waiting = Enumerable.Range(0, 3).Select(_ => lazy.GetAsync().AsTask()).ToList();
        release.SetResult();

        foreach (var one in waiting)
        {
            Assert.Equal("first", (await Assert.ThrowsAsync<InvalidOperationException>(() => one)).Message);
        }

        Assert.False(lazy.IsCreated);
        Assert.Equal(2, await lazy.GetAsync());
    });

    [Fact]
    public Task CacheFailures_keeps_a_failure_until_a_reset() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var runs = 0;
        var lazy = new AsyncLazy<int>(
            _ => ++runs == 1 ? throw new InvalidOperationException("kept") : new ValueTask<int>(runs),
            new AsyncLazyOptions { CacheFailures = true });

        for (var call = 0; call < 3; call++)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await lazy.GetAsync());
        }

        Assert.Equal(1, runs);
        lazy.Reset();
        Assert.Equal(2, await lazy.GetAsync());
    });

    [Fact]
    public async Task The_ExecutionContext_flows_neither_into_the_factory_nor_out_of_it()
    {
        Ambient.Value = "caller";
        string? seen = "not run";
        var lazy = new AsyncLazy<int>(async _ =>
        {
            seen = Ambient.Value;
            Ambient.Value = "factory";
            await Task.Yield();
            return 1;
        });

        await lazy.GetAsync().AsTask().OrHangs();

        Assert.Null(seen);
        Assert.Equal("caller", Ambient.Value);
        Ambient.Value = null;
    }

    [Fact]
    public Task Factories_may_await_other_lazy_values() => World.ScheduledBriefly.RunAsync(async () =>
    {
        var bottom = new AsyncLazy<int>(async _ =>
        {
            await Task.Yield();
            return 1;
        });
        var left = new AsyncLazy<int>(async token => await bottom.GetAsync(token) + 1);
        var right = new AsyncLazy<int>(async token => await bottom.GetAsync(token) + await left.GetAsync(token));

        var values = await Task.WhenAll(right.GetAsync().AsTask(), left.GetAsync().AsTask());

        Assert.Equal([3, 2], values);
    });

    [Fact]
    public void AsyncTest_reports_factories_that_await_each_other_as_a_deadlock()
    {
        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(async context =>
        {
            AsyncLazy<int> left = null!;
            AsyncLazy<int> right = null!;
            left = new AsyncLazy<int>(CreateLeftAsync);
            right = new AsyncLazy<int>(CreateRightAsync);
            await left.GetAsync();

            async ValueTask<int> CreateLeftAsync(CancellationToken token) => await right.GetAsync(token);
            async ValueTask<int> CreateRightAsync(CancellationToken token) => await left.GetAsync(token);
        }));
        LeakCounter.End(); // The two runs never complete.
        LeakCounter.End();

        Assert.Contains("deadlock", failure.Message, StringComparison.Ordinal);
        Assert.Contains("CreateLeftAsync", failure.Message, StringComparison.Ordinal);
        Assert.Contains("CreateRightAsync", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_reset_starts_a_new_run_after_the_old_one() => World.Scheduled.RunAsync(async () =>
    {
        var (runs, running, release) = (0, 0, new TaskCompletionSource());
        var lazy = new AsyncLazy<int>(async _ =>
        {
            Assert.Equal(1, ++running);
            var run = ++runs;
            await release.Task;
            running--;
            return run;
        });
        var before = lazy.GetAsync().AsTask();
        var resetting = ResetAsync();
        release.SetResult();

        Assert.Equal(1, await before);
        var after = await resetting;
        Assert.Equal(2, after);
        Assert.Equal(2, await lazy.GetAsync());

        async Task<int> ResetAsync()
        {
            await Task.Yield();
            lazy.Reset();
            return await lazy.GetAsync();
        }
    });

    [Fact]
    public Task The_value_of_a_run_that_was_reset_and_has_no_waiter_is_disposed() => World.Scheduled.RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (release, made) = (new TaskCompletionSource(), new TestGate());
        var values = new List<Disposable>();
        var lazy = new AsyncLazy<Disposable>(async _ =>
        {
            made.Arrive();
            await release.Task;
            values.Add(new Disposable());
            return values[^1];
        });
        var first = lazy.GetAsync(cts.Token).AsTask();
        await made.ArrivedAsync(1);
        await cts.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        lazy.Reset();
        release.SetResult();
        var second = await lazy.GetAsync();

        Assert.Equal(2, values.Count);
        Assert.Same(values[1], second);
        Assert.Equal((1, 0), (values[0].Disposals, values[1].Disposals));
    });

    [Fact]
    public Task Disposing_cancels_a_running_factory_waits_for_it_and_refuses_waiters() =>
        World.Scheduled.RunAsync(async () =>
        {
            var (gate, ended) = (new TestGate(), false);
            var lazy = new AsyncLazy<int>(async token =>
            {
                try
                {
                    await gate.PassAsync(token);
                    return 1;
                }
                finally
                {
                    await Task.Yield();
                    ended = true;
                }
            });
            var waiting = lazy.GetAsync().AsTask();
            await gate.ArrivedAsync(1);

            await Task.WhenAll(lazy.DisposeAsync().AsTask(), lazy.DisposeAsync().AsTask());

            Assert.True(ended);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await lazy.GetAsync());
        });

    [Fact]
    public Task Disposing_reports_the_failed_disposal_of_a_value_without_receiver() => World.Scheduled.RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (created, disposing) = (new TaskCompletionSource<FailingDisposable>(), new TestGate());
        var lazy = new AsyncLazy<FailingDisposable>(_ => created.Task);
        var waiting = lazy.GetAsync(cts.Token).AsTask();
        lazy.Reset();
        await cts.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        created.SetResult(new FailingDisposable(disposing));
        await disposing.ArrivedAsync(1);

        var disposal = lazy.DisposeAsync().AsTask();
        disposing.Open();

        await Assert.ThrowsAsync<FormatException>(() => disposal);
    });

    [Fact]
    public Task Disposing_disposes_the_value_once_even_if_the_factory_returns_it_later() => World.Scheduled.RunAsync(async () =>
    {
        var value = new Disposable();
        var lazy = new AsyncLazy<Disposable>(async _ =>
        {
            await Task.Yield();
            return value;
        });
        var waiting = lazy.GetAsync().AsTask();

        await Task.Yield();
        await lazy.DisposeAsync();

        Assert.Equal(1, value.Disposals);
        _ = await Record.ExceptionAsync(() => waiting);
        Assert.False(lazy.IsCreated);
    });

    [Fact]
    public async Task A_token_cancelled_at_the_call_starts_nothing()
    {
        var runs = 0;
        var lazy = new AsyncLazy<int>(_ => new ValueTask<int>(++runs));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await lazy.GetAsync(new CancellationToken(canceled: true)));

        Assert.Equal(0, runs);
    }

    [Fact]
    public Task Every_wait_completes_in_any_order_of_waits_cancellations_and_resets() => World.Scheduled.RunAsync(async () =>
    {
        var (running, value) = (0, 0);
        var lazy = new AsyncLazy<int>(async token =>
        {
            Assert.Equal(1, ++running);
            try
            {
                await Task.Yield();
                token.ThrowIfCancellationRequested();
                await Task.Yield();
                return ++value;
            }
            finally
            {
                running--;
            }
        });
        using var cts = new CancellationTokenSource();

        await Task.WhenAll(GetAsync(cts.Token), GetAsync(cts.Token), GetAsync(default), ResetAsync(), CancelAsync());
        await lazy.DisposeAsync();
        Assert.Equal(0, running);

        async Task GetAsync(CancellationToken token)
        {
            await Task.Yield();
            try
            {
                Assert.InRange(await lazy.GetAsync(token), 1, 3);
            }
            catch (OperationCanceledException exception)
            {
                Assert.Equal(token, exception.CancellationToken);
                Assert.True(token.IsCancellationRequested);
            }
        }

        async Task ResetAsync()
        {
            await Task.Yield();
            lazy.Reset();
        }

        async Task CancelAsync()
        {
            await Task.Yield();
            await cts.CancelAsync();
        }
    });

    [Fact]
    public async Task A_factory_returns_a_Task_or_a_ValueTask_and_null_is_rejected()
    {
        Assert.Equal(1, await new AsyncLazy<int>(_ => Task.FromResult(1)).GetAsync());
        Assert.Equal(1, await new AsyncLazy<int>(_ => new ValueTask<int>(1)).GetAsync());
        Assert.Equal("factory", Assert.Throws<ArgumentNullException>(
            () => new AsyncLazy<int>((Func<CancellationToken, ValueTask<int>>)null!)).ParamName);
        Assert.Equal("factory", Assert.Throws<ArgumentNullException>(
            () => new AsyncLazy<int>((Func<CancellationToken, Task<int>>)null!)).ParamName);
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await new AsyncLazy<int>(_ => Null<Task<int>>()).GetAsync());
    }

    [Fact]
    public async Task ToString_shows_the_state_and_the_number_of_waiters()
    {
        var release = new TaskCompletionSource<int>();
        var lazy = new AsyncLazy<int>(_ => release.Task);
        Assert.Equal("AsyncLazy<Int32>: not created", lazy.ToString());
        var waiting = lazy.GetAsync().AsTask();
        Assert.Equal("AsyncLazy<Int32>: running, 1 waiting", lazy.ToString());
        release.SetResult(1);
        await waiting.OrHangs();
        Assert.Equal("AsyncLazy<Int32>: created", lazy.ToString());
        await lazy.DisposeAsync();
        Assert.Equal("AsyncLazy<Int32>: disposed", lazy.ToString());
    }

    private static T Null<T>()
        where T : class => null!;

    private sealed class FailingDisposable(TestGate disposing) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await disposing.PassAsync();
            throw new FormatException();
        }
    }

    private sealed class Disposable : IAsyncDisposable
    {
        public int Disposals { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Disposals++;
        }
    }
}
