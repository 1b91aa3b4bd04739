using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The guarantees of <see cref="AsyncScope"/> and <see cref="AsyncResource{T}"/>.</summary>
public sealed class AsyncScopeTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Cleanups_run_once_in_reverse_order()
    {
        var log = new List<string>();
        var scope = new AsyncScope();
        Assert.Equal("AsyncScope: 0 to clean up", scope.ToString());
        scope.Defer(() => log.Add("deferred"));
        var sync = scope.Add(new ResourceStub("sync", log));
        var entered = await scope.EnterAsync(_ => Task.FromResult(new AsyncResourceStub("async", log)));
        _ = await scope.EnterAsync(_ => new ValueTask<string>("released"), (name, _) => LogAsync(log, name));
        scope.DeferAsync(_ => LogAsync(log, "deferred async"));
        Assert.Equal("AsyncScope: 5 to clean up", scope.ToString());

        await scope.DisposeAsync();
        await scope.DisposeAsync();

        Assert.Equal(["deferred async", "released", "async", "sync", "deferred"], log);
        Assert.NotNull(sync);
        Assert.NotNull(entered);
        Assert.Equal("AsyncScope: closed", scope.ToString());
    }

    [Fact]
    public async Task The_token_of_a_cleanup_is_not_cancelled_by_a_later_operation()
    {
        for (var round = 0; round < 20; round++)
        {
            var kept = CancellationToken.None;
            await using (var scope = new AsyncScope())
            {
                scope.DeferAsync(token =>
                {
                    kept = token;
                    return ValueTask.CompletedTask;
                });
            }

            await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
                token => Task.Delay(Timeout.Infinite, token), TimeSpan.FromMilliseconds(1)));

            Assert.False(kept.IsCancellationRequested);
        }
    }

    [Theory]
    [InlineData(0b00000)]
    [InlineData(0b00001)]
    [InlineData(0b01000)]
    [InlineData(0b10101)]
    [InlineData(0b11111)]
    public Task Every_cleanup_runs_and_the_exception_of_the_body_stays_the_primary_one(int throwing) =>
        World.ScheduledBriefly.RunAsync(async () =>
        {
            foreach (var bodyFails in (bool[])[false, true])
            {
                var ran = new List<int>();
                var body = new FormatException("body");
                var run = AsyncScope.RunAsync(async ValueTask<int> (scope, _) =>
                {
                    foreach (var number in Enumerable.Range(0, 5))
                    {
                        scope.DeferAsync(async _ =>
                        {
                            ran.Add(number);
                            await Task.Yield();
                            if ((throwing >> number & 1) == 1)
                            {
                                throw new InvalidOperationException($"{number}");
                            }
                        });
                    }

                    await Task.Yield();
                    return bodyFails ? throw body : 1;
                });
                var thrown = await Record.ExceptionAsync(() => run);

                Assert.Equal([4, 3, 2, 1, 0], ran);
                string[] failed = [.. new[] { 4, 3, 2, 1, 0 }.Where(one => (throwing >> one & 1) == 1).Select(one => $"{one}")];
                switch (bodyFails, failed.Length)
                {
                    case (true, _):
                        Assert.Same(body, thrown);
                        Assert.Equal(["body", .. failed], run.Exception!.InnerExceptions.Select(one => one.Message), StringComparer.Ordinal);
                        break;
                    case (_, 0):
                        Assert.Equal(1, await run);
                        break;
                    case (_, 1):
                        Assert.Equal(failed[0], Assert.IsType<InvalidOperationException>(thrown).Message);
                        break;
                    default:
                        var all = Assert.IsType<AggregateException>(thrown);
                        Assert.Equal(failed, all.InnerExceptions.Select(one => one.Message), StringComparer.Ordinal);
                        break;
                }
            }
        });

    [Fact]
    public void A_cleanup_gets_a_fresh_token_with_its_own_time_limit() => AsyncTest.Run(async test =>
    {
        var options = new AsyncScopeOptions { CleanupTimeout = TimeSpan.FromSeconds(2) };
        using var cts = new CancellationTokenSource();
        var fresh = new List<bool>();
        var run = AsyncScope.RunAsync(async (scope, token) =>
        {
            for (var number = 0; number < 2; number++)
            {
                scope.DeferAsync(async token =>
                {
                    fresh.Add(!token.IsCancellationRequested);
                    await Task.Delay(TimeSpan.FromHours(1), test.Time, token);
                });
            }

            await cts.CancelAsync();
            token.ThrowIfCancellationRequested();
        }, options, cts.Token);

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        Assert.Equal([true, true], fresh);
        Assert.Equal(TimeSpan.FromSeconds(4), test.Time.Elapsed);
        Assert.Equal(cts.Token, thrown.CancellationToken);
        var late = Assert.IsType<AggregateException>(thrown.InnerException).InnerExceptions;
        Assert.All(late, one => Assert.Contains("limit of 2 s", Assert.IsType<TimeoutException>(one).Message, StringComparison.Ordinal));
        Assert.Equal(2, late.Count);
    });

    [Fact]
    public void A_cleanup_within_its_limit_leaves_no_timer() => AsyncTest.Run(async test =>
    {
        await using var scope = new AsyncScope();
        scope.DeferAsync(async token => await Task.Delay(TimeSpan.FromSeconds(1), test.Time, token));
    });

    [Fact]
    public async Task A_limit_of_zero_cancels_at_once_and_an_infinite_limit_never_does()
    {
        foreach (var (limit, isCancelled) in ((TimeSpan, bool)[])[
            (TimeSpan.Zero, true), (Timeout.InfiniteTimeSpan, false), (TimeSpan.MaxValue, false)])
        {
            var seen = !isCancelled;
            await using (var scope = new AsyncScope(new AsyncScopeOptions { CleanupTimeout = limit }))
            {
                scope.DeferAsync(token =>
                {
                    seen = token.IsCancellationRequested;
                    return default;
                });
            }

            Assert.Equal(isCancelled, seen);
        }

        Assert.Equal("CleanupTimeout", Assert.Throws<ArgumentOutOfRangeException>(
            () => new AsyncScopeOptions { CleanupTimeout = TimeSpan.FromSeconds(-2) }).ParamName);
    }

    [Fact]
    public async Task A_cancellation_of_the_body_is_thrown_unchanged()
    {
        using var cts = new CancellationTokenSource();
        var log = new List<string>();
        var run = AsyncScope.RunAsync(async (scope, token) =>
        {
            scope.Defer(() => log.Add("cleaned up"));
            await cts.CancelAsync();
            token.ThrowIfCancellationRequested();
        }, cancellationToken: cts.Token);

        var thrown = await Assert.ThrowsAsync<OperationCanceledException>(() => run);

        Assert.True(run.IsCanceled);
        Assert.Equal(cts.Token, thrown.CancellationToken);
        Assert.Equal(["cleaned up"], log);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => AsyncScope.RunAsync((_, _) => Task.FromException(new FormatException()), null, cts.Token));
    }

    [Fact]
    public Task A_resource_acquired_while_the_scope_closes_is_cleaned_up_at_once() =>
        World.Scheduled.RunAsync(async () =>
        {
            var (acquired, released) = (0, 0);
            var scope = new AsyncScope();
            var entering = EnterAsync();
            await Task.Yield();
            await scope.DisposeAsync();
            await entering;
            Assert.Equal(acquired, released);

            async Task EnterAsync()
            {
                await Task.Yield();
                try
                {
                    _ = await scope.EnterAsync(
                        async _ =>
                        {
                            await Task.Yield();
                            return ++acquired;
                        },
                        (_, _) =>
                        {
                            released++;
                            return default;
                        });
                }
                catch (ObjectDisposedException)
                {
                    // The scope closed before or during the acquisition.
                }
            }
        });

    [Fact]
    public async Task Release_transfers_all_cleanups()
    {
        var log = new List<string>();
        AsyncScope kept;
        await using (var scope = new AsyncScope())
        {
            scope.Defer(() => log.Add("kept"));
            kept = scope.Release();
            scope.Defer(() => log.Add("own"));
        }

        Assert.Equal(["own"], log);
        await kept.DisposeAsync();
        Assert.Equal(["own", "kept"], log);
        Assert.Throws<ObjectDisposedException>(kept.Release);
        Assert.Throws<ObjectDisposedException>(() => kept.Defer(() => { }));
    }

    [Fact]
    public async Task A_failed_acquisition_is_not_cleaned_up_but_earlier_resources_are()
    {
        var log = new List<string>();
        await Assert.ThrowsAsync<FormatException>(() => AsyncScope.RunAsync(async (scope, token) =>
        {
            _ = await scope.EnterAsync(_ => Task.FromResult(new ResourceStub("first", log)), token);
            _ = await scope.EnterAsync(Task<ResourceStub> (_) => throw new FormatException(), token);
        }));
        Assert.Equal(["first"], log);
        await Assert.ThrowsAsync<ArgumentException>(
            () => AsyncScope.RunAsync(async (scope, token) => await scope.EnterAsync(_ => Task.FromResult("not disposable"), token)));
        Assert.Equal("resource", Assert.Throws<ArgumentException>(() => new AsyncScope().Add("not disposable")).ParamName);
    }

    [Fact]
    public async Task A_resource_is_acquired_and_released_once_per_use()
    {
        var log = new List<string>();
        var resource = AsyncResource.Create(
            async _ =>
            {
                await Task.Yield();
                log.Add("acquired");
                return log.Count;
            },
            (number, token) => LogAsync(log, $"released {number} {token.IsCancellationRequested}"));

        Assert.Equal(2, await resource.UseAsync((number, _) => new ValueTask<int>(number + 1)));
        var failing = resource.UseAsync((_, _) => Task.FromException(new FormatException()));
        await Assert.ThrowsAsync<FormatException>(() => failing);
        await AsyncScope.RunAsync(async (scope, token) => Assert.Equal(5, await scope.EnterAsync(resource, token)));

        Assert.Equal(
            ["acquired", "released 1 False", "acquired", "released 3 False", "acquired", "released 5 False"], log);
    }

    [Fact]
    public async Task A_failed_acquisition_of_a_resource_calls_neither_the_body_nor_the_release()
    {
        var called = 0;
        var resource = AsyncResource.Create<int>(
            _ => throw new FormatException(),
            (_, _) =>
            {
                called++;
                return default;
            });

        await Assert.ThrowsAsync<FormatException>(() => resource.UseAsync((_, _) => Task.FromResult(called++)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => resource.UseAsync(
            (_, _) => Task.FromResult(called++), new CancellationToken(canceled: true)));

        Assert.Equal(0, called);
    }

    private static async ValueTask LogAsync(List<string> log, string text)
    {
        await Task.Yield();
        log.Add(text);
    }

    private sealed class ResourceStub(string name, List<string> log) : IDisposable
    {
        public void Dispose() => log.Add(name);
    }

    private sealed class AsyncResourceStub(string name, List<string> log) : IAsyncDisposable, IDisposable
    {
        public ValueTask DisposeAsync() => LogAsync(log, name);

        public void Dispose() => log.Add("disposed synchronously");
    }
}
