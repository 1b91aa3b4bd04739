namespace AsyncKit.Testing.Tests;

/// <summary>Tests the arguments of the call, and the members of the context.</summary>
public sealed class AsyncTestUseTests
{
    [Fact]
    public void A_null_test_throws() =>
        Assert.Equal("test", Assert.Throws<ArgumentNullException>(() => AsyncTest.Run(null!)).ParamName);

    [Fact]
    public void A_body_that_returns_null_fails()
    {
        Task? none = null;

        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(_ => none!));

        Assert.Contains("The test body must return a Task; it returned null.", failure.Message, Ordinal);
    }

    [Fact]
    public void A_call_without_the_switch_throws_with_instructions()
    {
        const string Switch = "AsyncKit.Testing";
        AppContext.SetSwitch(Switch, isEnabled: false);
        try
        {
            var refused = Assert.Throws<InvalidOperationException>(() => AsyncTest.Run(_ => Task.CompletedTask));

            Assert.Contains(
                "<RuntimeHostConfigurationOption Include=\"AsyncKit.Testing\" Value=\"true\" />",
                refused.Message,
                Ordinal);
        }
        finally
        {
            AppContext.SetSwitch(Switch, isEnabled: true);
        }
    }

    [Fact]
    public void A_call_inside_another_body_throws() => AsyncTest.Run(
        async context =>
        {
            Assert.Throws<InvalidOperationException>(() => AsyncTest.Run(_ => Task.CompletedTask));
            await Task.Run(
                () => Assert.Throws<InvalidOperationException>(() => AsyncTest.Run(_ => Task.CompletedTask)));
        },
        new() { Schedules = 2 });

    [Fact]
    public void Invalid_options_throw_with_their_names()
    {
        Assert.Equal("Schedules", Names(() => new AsyncTestOptions { Schedules = 0 }));
        Assert.Equal("MaxSteps", Names(() => new AsyncTestOptions { MaxSteps = 0 }));
        Assert.Equal("MaxVirtualTime", Names(() => new AsyncTestOptions { MaxVirtualTime = TimeSpan.Zero }));
        Assert.Equal(
            new AsyncTestOptions
            {
                Schedules = 100,
                Seed = null,
                MaxVirtualTime = TimeSpan.FromHours(24),
                MaxSteps = 1_000_000,
                FailOnLeak = true,
            },
            new AsyncTestOptions());

        static string? Names(Func<object> make) => Assert.Throws<ArgumentOutOfRangeException>(make).ParamName;
    }

    [Fact]
    public void RunUntilIdleAsync_completes_when_no_continuation_can_run_and_no_time_passes() => AsyncTest.Run(async context =>
    {
        var ended = 0;
        var late = Task.Delay(TimeSpan.FromSeconds(1), context.Time);
        var tasks = Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            await Task.Yield();
            await Task.Run(() => { });
            await Task.Yield();
            ended++;
        }));

        await context.RunUntilIdleAsync();

        Assert.Equal(3, ended);
        Assert.Equal(TimeSpan.Zero, context.Time.Elapsed);
        Assert.False(late.IsCompleted);
        await Task.WhenAll(tasks, late);
    });

    [Fact]
    public void Several_idle_waiters_complete_in_order_each_when_the_schedule_is_idle_again() => AsyncTest.Run(
        async context =>
        {
            var log = new List<string>();
            await Task.WhenAll(WaitAsync("a"), WaitAsync("b"), WaitAsync("c"));
            Assert.Equal(["a", "a then", "b", "b then", "c", "c then"], log);

            async Task WaitAsync(string name)
            {
                await context.RunUntilIdleAsync();
                log.Add(name);
                await Task.Yield();
                log.Add(name + " then");
            }
        });

    [Fact]
    public void AdvanceAsync_fires_a_timer_that_is_set_during_the_advance() => AsyncTest.Run(async context =>
    {
        var at = new List<double>();
        var ticking = TickAsync();

        await context.AdvanceAsync(TimeSpan.FromSeconds(3.5));

        Assert.Equal([1, 2, 3], at);
        Assert.Equal(TimeSpan.FromSeconds(3.5), context.Time.Elapsed);
        await context.AdvanceAsync(TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(3.5), context.Time.Elapsed);
        await ticking;

        async Task TickAsync()
        {
            for (var i = 0; i < 5; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), context.Time);
                await Task.Yield();
                at.Add(context.Time.Elapsed.TotalSeconds);
            }
        }
    });

    [Fact]
    public void A_negative_advance_and_one_past_the_year_9999_throw_at_the_call() => AsyncTest.Run(
        async context =>
        {
            await context.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Equal("by", Names(() => _ = context.AdvanceAsync(TimeSpan.FromTicks(-1))));
            Assert.Equal("by", Names(() => _ = context.AdvanceAsync(TimeSpan.MaxValue)));

            static string? Names(Action action) => Assert.Throws<ArgumentOutOfRangeException>(action).ParamName;
        },
        new() { Schedules = 2 });

    [Fact]
    public void WhenAny_WhenAll_and_WaitAsync_work() => AsyncTest.Run(async context =>
    {
        var never = new TaskCompletionSource();
        await Assert.ThrowsAsync<TimeoutException>(
            () => never.Task.WaitAsync(TimeSpan.FromMinutes(1), context.Time));
        var second = Task.Delay(TimeSpan.FromSeconds(2), context.Time);
        var first = Task.Delay(TimeSpan.FromSeconds(1), context.Time);
        Assert.Same(first, await Task.WhenAny(second, first));
        await Task.WhenAll(first, second);
        Assert.Equal(TimeSpan.FromSeconds(62), context.Time.Elapsed);
    });

    [Fact]
    public void Schedules_are_collected_after_the_call()
    {
        var references = Run();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.DoesNotContain(references, reference => reference.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static List<WeakReference> Run()
        {
            List<WeakReference> references = [];
            AsyncTest.Run(
                async context =>
                {
                    references.Add(new(context.Time));
                    references.Add(new(context.Random));
                    _ = NeverAsync();
                    await Task.Run(() => { });
                },
                new() { Schedules = 3, FailOnLeak = false });
            return references;

            static async Task NeverAsync() => await new TaskCompletionSource().Task;
        }
    }
}
