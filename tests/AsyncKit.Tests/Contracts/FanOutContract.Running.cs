namespace AsyncKit.Tests;

/// <content>Rules 1 to 9: while it runs.</content>
public abstract partial class FanOutContract
{
    public static TheoryData<int, int> CountsAndLimits =>
        new() { { 0, 1 }, { 1, 1 }, { 7, 1 }, { 7, 3 }, { 100, 8 }, { 100, 100 }, { 100, 1000 }, { 33, int.MaxValue } };

    [Theory]
    [MemberData(nameof(CountsAndLimits))]
    public async Task Results_are_in_source_order(int count, int limit)
    {
        var results = await FanOutAsync(Enumerable.Range(0, count), StopAtFirst(limit), async (item, _) =>
        {
            for (var i = item % 5; i > 0; i--)
            {
                await Task.Yield();
            }

            return item * 2;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, count).Select(item => item * 2), results);
    }

    [Fact]
    public async Task An_operation_without_a_result_runs_once_for_every_item()
    {
        var runs = new int[100];

        await FanOutAsync(Enumerable.Range(0, 100), StopAtFirst(7), async (item, _) =>
        {
            await Task.Yield();
            Interlocked.Increment(ref runs[item]);
        }).OrHangs();

        Assert.All(runs, run => Assert.Equal(1, run));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(64)]
    public async Task Never_more_than_the_limit_at_once_and_the_limit_is_reached_when_there_is_work(int limit)
    {
        var gate = new Gate();

        var run = FanOutAsync(Enumerable.Range(0, limit * 3), StopAtFirst(limit), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(limit);
        Assert.Equal(limit, gate.Arrivals);
        gate.Open();
        await run.OrHangs();

        Assert.Equal(limit * 3, gate.Arrivals);
        Assert.Equal(limit, gate.Peak);
    }

    [Fact]
    public async Task Without_a_limit_every_item_runs_at_once()
    {
        var gate = new Gate();

        var run = FanOutAsync(Enumerable.Range(0, 300), StopAtFirst(int.MaxValue), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(300);
        gate.Open();

        Assert.Equal(300, (await run.OrHangs()).Length);
    }

    /// <summary>The body of a test of the pulled kinds: an array or a list holds its items itself.</summary>
    protected async Task AssertLiveObjectsAreOfTheLimitAsync()
    {
        var made = new List<WeakReference>();
        var mostAlive = 0;

        await FanOutAsync(Made(), StopAtFirst(4), async (item, _) =>
        {
            await Task.Yield();
            if (Identity(item) % 500 == 499)
            {
                WeakReference[] before; // What the others make meanwhile does not count.
                lock (made)
                {
                    before = [.. made];
                }

                GC.Collect();
                InterlockedMax(ref mostAlive, before.Count(one => one.IsAlive));
            }
        }).OrHangs();

        Assert.Equal(2_000, made.Count);
        Assert.InRange(mostAlive, 1, 8 + Ahead);

        static int Identity(StrongBox<int> item) => item.Value;

        static void InterlockedMax(ref int target, int value)
        {
            var seen = Volatile.Read(ref target);
            while (seen < value && seen != (seen = Interlocked.CompareExchange(ref target, value, seen)))
            {
                // Another worker was faster.
            }
        }

        IEnumerable<StrongBox<int>> Made()
        {
            for (var i = 0; i < 2_000; i++)
            {
                var item = new StrongBox<int>(i);
                lock (made)
                {
                    made.Add(new WeakReference(item));
                }

                yield return item;
            }
        }
    }

    [Fact]
    public async Task An_endless_source_works()
    {
        using var cts = new CancellationTokenSource();

        var run = FanOutAsync(
            IsPulled ? Endless() : Enumerable.Range(0, 1_000_000), // An array or a list can only be long.
            StopAtFirst(8),
            async (item, token) =>
            {
                await Task.Yield();
                if (item == 5_000)
                {
                    await cts.CancelAsync();
                }

                return item;
            },
            cts.Token);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
    }

    [Fact]
    public async Task User_code_never_runs_on_the_callers_thread()
    {
        var threads = new HashSet<int>();
        var run = Task.CompletedTask;
        var caller = new Thread(() => run = FanOutAsync(Enumerable.Range(0, 50), StopAtFirst(4), (item, _) =>
        {
            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }

            return new ValueTask<int>(item);
        }));

        caller.Start();
        caller.Join();
        await run.OrHangs();

        Assert.NotEmpty(threads);
        Assert.DoesNotContain(caller.ManagedThreadId, threads);
    }

    [Fact]
    public async Task User_code_never_runs_inside_Cancel()
    {
        using var cts = new CancellationTokenSource();
        var gate = new Gate();
        var threads = new HashSet<int>();
        var run = FanOutAsync(
            Enumerable.Range(0, 8),
            StopAtFirst(8),
            async (item, token) =>
            {
                using var registration = token.Register(Note);
                try
                {
                    await gate.PassAsync(token).ConfigureAwait(false);
                }
                finally
                {
                    Note();
                }

                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(8);

        var canceller = new Thread(cts.Cancel);
        canceller.Start();
        canceller.Join();

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.NotEmpty(threads);
        Assert.DoesNotContain(canceller.ManagedThreadId, threads);

        void Note()
        {
            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }
        }
    }

    [Fact]
    public async Task User_code_never_runs_on_a_thread_that_completes_what_an_item_waits_for()
    {
        var (awaited, threads) = (new TaskCompletionSource(), new HashSet<int>());
        var waiting = new Gate();
        var run = FanOutAsync(Enumerable.Range(0, 50), StopAtFirst(1), (item, token) =>
        {
            if (item == 0)
            {
                _ = waiting.PassAsync(token);
                return new ValueTask(awaited.Task);
            }

            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }

            return default;
        });
        await waiting.ArrivedAsync(1);

        var completer = new Thread(awaited.SetResult); // Continues whoever waits for it in line, on its own thread.
        completer.Start();
        completer.Join();
        await run.OrHangs();
        waiting.Open();

        Assert.NotEmpty(threads);
        Assert.DoesNotContain(completer.ManagedThreadId, threads);
    }

    [Fact]
    public async Task Each_item_sees_the_callers_ExecutionContext_as_it_was_at_the_call()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new System.Collections.Concurrent.ConcurrentBag<string?>();

        var run = FanOutAsync(Enumerable.Range(0, 200), StopAtFirst(3), (item, _) =>
        {
            seen.Add(local.Value); // Not an async method: what it sets stays, unless the worker restores its context.
            local.Value = "item " + item;
            return item % 3 == 0 ? new ValueTask<int>(YieldAsync()) : new ValueTask<int>(item);
        });
        local.Value = "later";
        await run.OrHangs();

        Assert.Equal(200, seen.Count);
        Assert.All(seen, value => Assert.Equal("caller", value));

        static async Task<int> YieldAsync()
        {
            await Task.Yield();
            return 0;
        }
    }

    [Fact]
    public async Task An_item_that_sets_a_SynchronizationContext_does_not_set_it_for_the_next()
    {
        var seen = new System.Collections.Concurrent.ConcurrentBag<SynchronizationContext?>();

        await FanOutAsync(Enumerable.Range(0, 50), StopAtFirst(2), (item, _) =>
        {
            seen.Add(SynchronizationContext.Current);
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            return new ValueTask<int>(item);
        }).OrHangs();

        Assert.Equal(50, seen.Count);
        Assert.All(seen, Assert.Null);
    }

    [Fact]
    public async Task With_the_flow_suppressed_at_the_call_each_item_sees_an_empty_context()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new System.Collections.Concurrent.ConcurrentBag<string?>();
        Task run;

        using (ExecutionContext.SuppressFlow())
        {
            run = FanOutAsync(Enumerable.Range(0, 20), StopAtFirst(3), (item, _) =>
            {
                seen.Add(local.Value);
                local.Value = "item";
                return new ValueTask<int>(item);
            });
        }

        await run.OrHangs();

        Assert.All(seen, Assert.Null);
    }

    [Fact]
    public async Task A_synchronous_body_that_blocks_delays_its_own_slot_only_the_others_start()
    {
        using var unblock = new ManualResetEventSlim();
        var others = 0;

        var run = FanOutAsync(Enumerable.Range(0, 20), StopAtFirst(4), (item, token) =>
        {
            if (item == 0)
            {
                Assert.True(unblock.Wait(TimeSpan.FromSeconds(30), token));
            }
            else if (Interlocked.Increment(ref others) == 19)
            {
                unblock.Set(); // All the others have run while the first still blocks.
            }

            return new ValueTask<int>(item);
        });

        Assert.Equal(20, (await run.OrHangs()).Length);
    }

    [Fact]
    public async Task Nested_fan_outs_work()
    {
        var sums = await FanOutAsync(Enumerable.Range(0, 5), StopAtFirst(2), async (outer, outerToken) =>
        {
            var inner = await FanOutAsync(
                Enumerable.Range(0, 5),
                StopAtFirst(2),
                async (middle, token) =>
                {
                    var leaves = await FanOutAsync(
                        Enumerable.Range(0, 5),
                        StopAtFirst(2),
                        (leaf, _) => new ValueTask<int>(outer + middle + leaf),
                        token);
                    return leaves.Sum();
                },
                outerToken);
            return inner.Sum();
        }).OrHangs();

        Assert.Equal([100, 125, 150, 175, 200], sums);
    }

    [Fact]
    public async Task What_waits_for_the_run_never_continues_inside_it()
    {
        var gate = new Gate();
        var run = FanOutAsync(Enumerable.Range(0, 4), StopAtFirst(2), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });

        var stack = run.ContinueWith(
            static _ => new System.Diagnostics.StackTrace().ToString(),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        gate.Open();

        Assert.DoesNotContain("FanOut", (await stack.OrHangs()).Replace(GetType().Name, "", StringComparison.Ordinal)
            .Replace(nameof(FanOutContract), "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>How many items the source itself may hold ready, beyond what the run has pulled.</summary>
    protected virtual int Ahead => 0;
}
