namespace AsyncKit.Tests;

/// <summary>Rule 44.</summary>
public sealed class AsyncLazyTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncLocal<string?> Ambient = new();

    [Fact]
    public Task One_run_of_the_factory_at_a_time_however_many_wait_for_it() => World.ScheduledBriefly.RunAsync(async () =>
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
        Assert.True(lazy.GetAsync().AsTask().IsCompletedSuccessfully);
    });

    [Fact]
    public Task A_waiters_token_cancels_only_its_own_wait() => World.Scheduled.RunAsync(async () =>
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
    public Task The_factory_is_cancelled_when_the_last_waiter_has_left_and_who_comes_after_gets_a_new_run() =>
        World.Scheduled.RunAsync(async () =>
        {
            using var cts = new CancellationTokenSource();
            var (runs, running, mostRunning, gate) = (0, 0, 0, new Gate());
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
            var second = lazy.GetAsync().AsTask(); // Joins, or comes after the last has left.
            gate.Open();
            await cancelling;

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            Assert.InRange(await second, 1, 2);
            Assert.Equal(1, mostRunning);
        });

    [Fact]
    public Task A_value_that_comes_although_everybody_has_left_is_kept() => World.ScheduledBriefly.RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (runs, release, cancelled) = (0, new TaskCompletionSource<int>(), new Gate());
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

        Assert.InRange(await second, 5, 5);
        Assert.Equal(1, runs);
    });

    [Fact]
    public Task A_failure_goes_to_everyone_who_waits_and_is_not_kept() => World.ScheduledBriefly.RunAsync(async () =>
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
    public async Task No_context_of_the_first_caller_leaks_into_the_factory_and_none_of_the_factory_out()
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
    public Task Lazies_that_await_one_another_without_a_circle_are_right() => World.ScheduledBriefly.RunAsync(async () =>
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
    public Task After_a_reset_the_value_is_made_anew_and_never_beside_the_old_run() => World.Scheduled.RunAsync(async () =>
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
    public Task What_a_forgotten_run_makes_for_nobody_is_disposed() => World.Scheduled.RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (release, made) = (new TaskCompletionSource(), new Gate());
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
    public Task Disposing_cancels_a_running_factory_waits_for_it_and_refuses_who_waits() =>
        World.Scheduled.RunAsync(async () =>
        {
            var (gate, ended) = (new Gate(), false);
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
    public Task Disposing_disposes_the_value_once_also_one_that_comes_meanwhile() => World.Scheduled.RunAsync(async () =>
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
    public Task Waiters_that_come_leave_and_reset_in_any_order_all_end() => World.Scheduled.RunAsync(async () =>
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

        var all = Task.WhenAll(GetAsync(cts.Token), GetAsync(cts.Token), GetAsync(default), ResetAsync(), CancelAsync());
        await all;
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
    public async Task A_factory_of_either_shape_is_taken_and_null_is_named()
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
    public async Task ToString_says_what_it_is_and_how_many_wait()
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
