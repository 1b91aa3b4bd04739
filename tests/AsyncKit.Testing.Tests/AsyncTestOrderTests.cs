namespace AsyncKit.Testing.Tests;

/// <summary>Tests that the seed determines the order.</summary>
public sealed class AsyncTestOrderTests
{
    [Fact]
    public void One_continuation_runs_at_a_time()
    {
        AsyncTest.Run(async context =>
        {
            var inside = 0;
            await Task.WhenAll(Enumerable.Range(0, 5).Select(async i =>
            {
                for (var round = 0; round < 5; round++)
                {
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    Assert.Equal(0, Interlocked.Decrement(ref inside));
                    await (round % 2 == 0 ? Task.Run(Work) : YieldAsync());
                }
            }));

            void Work()
            {
                Assert.InRange(Interlocked.Increment(ref inside), 1, 5);
                Interlocked.Decrement(ref inside);
            }

            static async Task YieldAsync() => await Task.Yield();
        });
    }

    [Fact]
    public void The_same_seed_produces_the_same_order_each_time()
    {
        var traces = Enumerable.Range(0, 20).Select(_ => Traced(seed: 7)).ToList();

        Assert.Single(traces.Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(0)]
    [InlineData(-1)]
    public void Any_number_is_a_seed(int seed)
    {
        var first = Traced(seed);

        Assert.Equal(first, Traced(seed));
        var failure = Assert.Throws<AsyncTestException>(
            () => AsyncTest.Run(_ => throw new FormatException(), new() { Seed = seed }));
        Assert.Equal(seed, failure.Seed);
    }

    [Fact]
    public void The_same_seed_produces_the_same_order_under_unrelated_thread_pool_load()
    {
        var expected = Traced(seed: 7);
        using var load = new ThreadPoolLoad();

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(expected, Traced(seed: 7));
        }
    }

    [Fact]
    public void A_short_Task_Run_does_not_race_with_the_step_that_started_it()
    {
        var traces = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 200; i++)
        {
            AsyncTest.Run(
                async context =>
                {
                    var log = "";
                    await Task.WhenAll(PoolAsync(), YieldAsync());
                    lock (traces)
                    {
                        traces.Add(log);
                    }

                    async Task PoolAsync()
                    {
                        var task = Task.Run(() => log += "r");
                        Thread.SpinWait(20_000); // Long enough for the thread pool to run the work, if it is allowed to.
                        log += task.IsCompleted ? "c" : "n";
                        await task;
                        log += "R";
                    }

                    async Task YieldAsync()
                    {
                        log += "y";
                        await Task.Yield();
                        log += "Y";
                    }
                },
                new() { Seed = 3 });
        }

        Assert.Single(traces);
    }

    [Fact]
    public void Different_seeds_produce_different_orders()
    {
        var traces = new HashSet<string>(StringComparer.Ordinal);

        AsyncTest.Run(async context => traces.Add(await Traces.AllAsync(context, 3)), new() { Schedules = 50 });

        Assert.InRange(traces.Count, 45, 50);
    }

    [Fact]
    public void Every_order_of_three_yielding_tasks_is_reached_within_a_thousand_schedules()
    {
        var orders = new HashSet<string>(StringComparer.Ordinal);

        AsyncTest.Run(
            async context =>
            {
                var order = "";
                await Task.WhenAll(TwiceAsync("a"), TwiceAsync("b"), TwiceAsync("c"));
                orders.Add(order);

                async Task TwiceAsync(string name)
                {
                    await Task.Yield();
                    order += name;
                    await Task.Yield();
                    order += name;
                }
            },
            new() { Schedules = 1_000 });

        Assert.Equal(90, orders.Count); // 6! / (2! 2! 2!)
    }

    [Fact]
    public void Seeds_start_at_1_and_are_consecutive()
    {
        var seeds = new List<int>();

        AsyncTest.Run(
            context =>
            {
                seeds.Add(context.Seed);
                return Task.CompletedTask;
            },
            new() { Schedules = 2_500 });

        Assert.Equal(Enumerable.Range(1, 2_500), seeds);
    }

    [Fact]
    public void The_maximum_number_of_schedules_stops_at_the_first_failure()
    {
        var failure = Assert.Throws<AsyncTestException>(() => AsyncTest.Run(
            context => context.Seed < 5 ? Task.CompletedTask : throw new FormatException(),
            new() { Schedules = int.MaxValue }));

        Assert.StartsWith("Schedule 5 of 2147483647 failed, Seed = 5", failure.Message, Ordinal);
    }

    [Fact]
    public void Random_numbers_follow_from_the_seed()
    {
        Assert.Equal(Drawn(1), Drawn(1));
        Assert.NotEqual(Drawn(1), Drawn(2));

        static List<int> Drawn(int seed)
        {
            List<int> drawn = [];
            AsyncTest.Run(
                async context =>
                {
                    drawn.Add(context.Random.Next());
                    await Task.Yield();
                    drawn.Add(context.Random.Next());
                },
                new() { Seed = seed });
            return drawn;
        }
    }

    [Fact]
    public void An_idle_schedule_advances_the_clock_to_the_next_timer() => AsyncTest.Run(
        async context =>
        {
            var ended = 0;
            await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            {
                for (var minute = 0; minute < 60; minute++)
                {
                    await Task.Delay(TimeSpan.FromSeconds(59 + (i / 100.0)), context.Time);
                }

                ended++;
            }));
            Assert.Equal(100, ended);
            Assert.Equal(60 * (59 + 0.99), context.Time.Elapsed.TotalSeconds, 0.001);
        },
        new() { Schedules = 1 });

    [Fact]
    public void Ten_thousand_schedules_of_six_tasks_all_run()
    {
        var schedules = 0;
        var results = 0;

        AsyncTest.Run(
            async context =>
            {
                schedules++;
                await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
                {
                    await Task.Yield();
                    await Task.Delay(TimeSpan.FromSeconds(i), context.Time);
                    await Task.Yield();
                    results++;
                }));
            },
            new() { Schedules = 10_000 });

        Assert.Equal(10_000, schedules);
        Assert.Equal(60_000, results);
    }

    [Fact]
    public void A_schedule_does_not_see_the_AsyncLocal_values_of_the_previous_one()
    {
        var local = new AsyncLocal<string?> { Value = "test" };

        AsyncTest.Run(
            context =>
            {
                Assert.Equal("test", local.Value);
                local.Value = "body";
                return Task.CompletedTask;
            },
            new() { Schedules = 3 });

        Assert.Equal("test", local.Value);
    }

    private static string Traced(int seed)
    {
        var trace = "";
        AsyncTest.Run(async context => trace = await Traces.AllAsync(context, 5), new() { Seed = seed });
        return trace;
    }
}
