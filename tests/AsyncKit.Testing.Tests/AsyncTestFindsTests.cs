using System.Threading.Channels;

namespace AsyncKit.Testing.Tests;

/// <summary>Tests that each kind of failure is found, named, and replayed by its seed.</summary>
public sealed class AsyncTestFindsTests
{
    [Fact]
    public void The_message_of_a_failure_contains_the_seed_that_replays_it()
    {
        var failure = Found.By(LostUpdateAsync, 10);

        Assert.StartsWith($"Schedule {failure.Seed} of 100 failed, Seed = {failure.Seed}: ", failure.Message, Ordinal);
        Assert.EndsWith(
            "To replay it: new AsyncTestOptions { Seed = " + failure.Seed + " }",
            failure.Message,
            Ordinal);
        Assert.StartsWith(
            "The schedule failed, Seed = ", Found.Replayed(LostUpdateAsync, failure.Seed).Message, Ordinal);
    }

    [Fact]
    public void A_lost_update_is_found()
    {
        var failure = Found.By(LostUpdateAsync, 10);

        Assert.IsType<FormatException>(failure.InnerException);
        Assert.Contains("FormatException: 1 instead of 2", failure.Message, Ordinal);
    }

    [Fact]
    public void A_deadlock_fails_and_the_message_names_the_waiting_async_methods()
    {
        var failure = Found.By(
            async context =>
            {
                using var a = new SemaphoreSlim(1);
                using var b = new SemaphoreSlim(1);
                await Task.WhenAll(TransferAsync(a, b, default), TransferAsync(b, a, default));
            },
            1);

        Assert.Contains("deadlock: no continuation can run, no timer is pending", failure.Message, Ordinal);
        Assert.Contains("TransferAsync (2 times)", failure.Message, Ordinal);
        Assert.Null(failure.InnerException);
    }

    [Fact]
    public void A_deadlock_with_tokens_is_found()
    {
        var failure = Found.By(
            async context =>
            {
                using var source = new CancellationTokenSource();
                using var a = new SemaphoreSlim(1);
                using var b = new SemaphoreSlim(1);
                await Task.WhenAll(TransferAsync(a, b, source.Token), TransferAsync(b, a, source.Token));
            },
            1);

        Assert.Contains("deadlock", failure.Message, Ordinal);
        Assert.Contains("TransferAsync (2 times)", failure.Message, Ordinal);
    }

    [Fact]
    public void A_pending_timer_fails_the_body_and_the_message_names_it()
    {
        var failure = Found.By(
            context =>
            {
                _ = context.Time.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
                return Task.CompletedTask;
            },
            10);

        Assert.Contains("left work behind; pending timers: 1, the next due in 5 s", failure.Message, Ordinal);
    }

    [Fact]
    public void An_unfinished_async_method_fails_the_body_and_the_message_names_it()
    {
        var failure = Found.By(
            async context =>
            {
                _ = ForgottenAsync();
                await Task.Yield();

                static async Task ForgottenAsync() => await new TaskCompletionSource().Task;
            },
            10);

        Assert.Contains("left work behind; unfinished: ForgottenAsync", failure.Message, Ordinal);
    }

    [Fact]
    public void An_unobserved_exception_fails_the_body_and_the_message_names_it()
    {
        var failure = Found.By(
            async context =>
            {
                ThrowUnobserved();
                await context.RunUntilIdleAsync();
            },
            3);

        Assert.Contains("the exception of a task was never observed: forgotten", failure.Message, Ordinal);
        var inner = Assert.IsType<AggregateException>(failure.InnerException);
        Assert.IsType<FormatException>(inner.InnerException);
        Assert.Equal(1, failure.Seed);
    }

    [Fact]
    public void An_unobserved_exception_fails_only_its_schedule()
    {
        var failure = Found.By(
            async context =>
            {
                if (context.Seed == 42)
                {
                    ThrowUnobserved();
                }

                await context.RunUntilIdleAsync();
            },
            1);

        Assert.Equal(42, failure.Seed);
    }

    [Fact]
    public void A_body_that_exceeds_MaxVirtualTime_fails()
    {
        var failure = Found.By(
            async context =>
            {
                while (true)
                {
                    await Task.Delay(TimeSpan.FromHours(1), context.Time);
                }
            },
            10);

        Assert.Contains("it exceeds MaxVirtualTime (1 day). Unfinished: ", failure.Message, Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_body_that_advances_the_clock_past_MaxVirtualTime_fails(bool inSteps)
    {
        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(
            async context =>
            {
                if (inSteps)
                {
                    await context.AdvanceAsync(TimeSpan.FromMinutes(2));
                }
                else
                {
                    context.Time.Advance(TimeSpan.FromMinutes(2));
                }
            },
            new() { MaxVirtualTime = TimeSpan.FromMinutes(1) }));

        Assert.Contains("it exceeds MaxVirtualTime", failure.Message, Ordinal);
    }

    [Fact]
    public void A_body_that_takes_exactly_MaxVirtualTime_passes() => AsyncTest.Run(
        context => Task.Delay(TimeSpan.FromHours(1), context.Time),
        new() { MaxVirtualTime = TimeSpan.FromHours(1) });

    [Fact]
    public void A_body_that_exceeds_MaxSteps_fails()
    {
        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(
            async context =>
            {
                while (true)
                {
                    await Task.Yield();
                }
            },
            new() { MaxSteps = 1_000 }));

        Assert.Contains(
            "it exceeds MaxSteps (1000). Unfinished: a lambda in A_body_that_exceeds_MaxSteps",
            failure.Message,
            Ordinal);
    }

    [Fact]
    public void A_body_that_takes_exactly_MaxSteps_passes()
    {
        AsyncTest.Run(_ => YieldAsync(10), new() { MaxSteps = 10 });

        Assert.Throws<AsyncTestException>(() => AsyncTest.Run(_ => YieldAsync(11), new() { MaxSteps = 10 }));

        static async Task YieldAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                await Task.Yield();
            }
        }
    }

    [Fact]
    public void A_leak_passes_without_FailOnLeak() => AsyncTest.Run(
        async context =>
        {
            _ = context.Time.CreateTimer(_ => { }, null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
            _ = ForgottenAsync();
            await Task.Yield();

            static async Task ForgottenAsync() => await new TaskCompletionSource().Task;
        },
        new() { FailOnLeak = false });

    [Fact]
    public void An_exception_before_the_first_await_fails()
    {
        var thrown = new FormatException("at once");

        Assert.Same(thrown, Found.By(_ => throw thrown, 2).InnerException);
        Assert.Same(thrown, Found.By(_ => Task.FromException(thrown), 2).InnerException);
        Assert.Same(thrown, Found.By(ThrowAsync, 2).InnerException);

#pragma warning disable CS1998 // The method throws before its first await and needs none.
        async Task ThrowAsync(AsyncTestContext context) => throw thrown;
#pragma warning restore CS1998
    }

    [Fact]
    public void The_exception_of_the_body_is_the_inner_exception()
    {
        var thrown = new FormatException("mine");

        var failure = Found.By(
            async context =>
            {
                await Task.Yield();
                throw thrown;
            },
            2);

        Assert.Same(thrown, failure.InnerException);
        Assert.Contains("FormatException: mine", failure.Message, Ordinal);
    }

    [Fact]
    public void A_cancelled_body_fails()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.IsAssignableFrom<OperationCanceledException>(
            Found.By(_ => Task.FromCanceled(source.Token), 2).InnerException);
        Assert.IsAssignableFrom<OperationCanceledException>(
            Found.By(context => Task.Delay(1, source.Token), 2).InnerException);
    }

    [Fact]
    public void An_exception_of_an_async_void_method_fails()
    {
        var thrown = new FormatException("void");

        var failure = Found.By(
            async context =>
            {
                FireAndForget();
                await context.RunUntilIdleAsync();
            },
            5);

        Assert.Same(thrown, failure.InnerException);

#pragma warning disable VSTHRD100 // An async void method is the subject of the test.
        async void FireAndForget()
#pragma warning restore VSTHRD100
        {
            await Task.Yield();
            throw thrown;
        }
    }

    [Fact]
    public void An_exception_of_a_timer_callback_fails()
    {
        var thrown = new FormatException("timer");

        var failure = Found.By(
            async context =>
            {
                using var timer = context.Time.CreateTimer(
                    _ => throw thrown, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
                await Task.Delay(TimeSpan.FromSeconds(2), context.Time);
            },
            5);

        Assert.Same(thrown, failure.InnerException);
    }

    [Fact]
    public void Queued_work_fails_the_body_and_the_message_counts_it()
    {
        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(_ =>
        {
            SynchronizationContext.Current!.Post(static _ => { }, null);
            return Task.CompletedTask;
        }));

        Assert.Contains("continuations that did not run: 1", failure.Message, Ordinal);
    }

    [Fact]
    public void The_seed_determines_the_order_of_timers_with_the_same_due_time()
    {
        var outcomes = Enumerable.Range(1, 20).Select(IsCompleted).ToList();

        Assert.InRange(outcomes.Count(isCompleted => isCompleted), 1, 19);
        Assert.Equal(outcomes, Enumerable.Range(1, 20).Select(IsCompleted));

        static bool IsCompleted(int seed)
        {
            var isCompleted = false;
            AsyncTest.Run(
                async context =>
                {
                    using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), context.Time);
                    try
                    {
                        await Task.Delay(TimeSpan.FromSeconds(5), context.Time, limit.Token);
                        isCompleted = true;
                    }
                    catch (OperationCanceledException)
                    {
                        isCompleted = false;
                    }
                },
                new AsyncTestOptions { Seed = seed });
            return isCompleted;
        }
    }

    [Fact]
    public void An_async_iterator_that_is_disposed_early_is_not_a_leak() => AsyncTest.Run(async context =>
    {
        var seen = 0;
        await foreach (var item in CountAsync())
        {
            seen = item;
            if (item == 3)
            {
                break;
            }
        }

        await using (var halfway = CountAsync().GetAsyncEnumerator())
        {
            Assert.True(await halfway.MoveNextAsync());
        }

        await using var never = CountAsync().GetAsyncEnumerator();
        Assert.Equal(3, seen);

        static async IAsyncEnumerable<int> CountAsync()
        {
            for (var i = 0; ; i++)
            {
                await Task.Yield();
                yield return i;
            }
        }
    });

    [Fact]
    public void A_completed_failed_or_cancelled_operation_is_not_a_leak() => AsyncTest.Run(async context =>
    {
        using var source = new CancellationTokenSource();
        var channel = Channel.CreateUnbounded<int>();
        var reader = ReadAsync(source.Token);
        var failing = FailAsync();
        var notStarted = Task.Run(() => { }, new CancellationToken(canceled: true));
        var loser = Task.Delay(TimeSpan.FromHours(1), context.Time, source.Token);
        var winner = await Task.WhenAny(loser, Task.Delay(TimeSpan.FromSeconds(1), context.Time, source.Token));
        Assert.NotSame(loser, winner);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
        await Assert.ThrowsAsync<FormatException>(() => failing);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => notStarted);

        async Task ReadAsync(CancellationToken token) => await channel.Reader.ReadAsync(token);

        static async Task FailAsync()
        {
            await Task.Yield();
            throw new FormatException();
        }
    });

    private static async Task LostUpdateAsync(AsyncTestContext context)
    {
        var count = 0;
        await Task.WhenAll(IncrementAsync(), IncrementAsync());
        if (count != 2)
        {
            throw new FormatException($"{count} instead of 2");
        }

        async Task IncrementAsync()
        {
            var read = count;
            await Task.Yield();
            count = read + 1;
        }
    }

    private static async Task TransferAsync(SemaphoreSlim first, SemaphoreSlim second, CancellationToken token)
    {
        await first.WaitAsync(token);
        try
        {
            await Task.Yield();
            await second.WaitAsync(token);
            second.Release();
        }
        finally
        {
            first.Release();
        }
    }

    private static void ThrowUnobserved()
    {
        _ = ThrowAsync();

        static async Task ThrowAsync()
        {
            await Task.Yield();
            throw new FormatException("forgotten");
        }
    }
}
