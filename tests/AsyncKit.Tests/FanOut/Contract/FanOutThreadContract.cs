namespace AsyncKit.Tests;

/// <summary>What a fan-out guarantees about threads, contexts and memory, which only real threads can show.</summary>
public abstract class FanOutThreadContract(FanOutSubject subject, NothingLeftBehind leaks)
    : FanOutTests(subject, World.Threads, leaks)
{
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

        Assert.DoesNotContain("AsyncKit.FanOutRun", await stack.OrHangs(), StringComparison.Ordinal);
    }

    /// <summary>The body of a test of all but reports, which list what was not started.</summary>
    protected async Task AssertCancellingCostsNothingPerItemAsync(int count)
    {
        using var cts = new CancellationTokenSource();
        var (gate, pulled) = (new Gate(), 0);
        var run = FanOutAsync(
            Enumerable.Range(0, count).Select(item =>
            {
                pulled++;
                return item;
            }),
            StopAtFirst(4),
            async (_, token) => await gate.PassAsync(token),
            cts.Token);
        await gate.ArrivedAsync(4);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await cts.CancelAsync();
        await FailureOfAsync(run);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.Equal(4, gate.Arrivals);
        Assert.True(!IsPulled || pulled <= 4 + Ahead, $"{pulled} items were pulled.");
        Assert.InRange(allocated, 0, 250_000); // A quarter of a byte for each of a million items.
    }

    [Fact]
    public async Task No_UnobservedTaskException_ever()
    {
        for (var round = 0; round < 20; round++)
        {
            using var cts = new CancellationTokenSource();
            var options = round % 2 == 0 ? StopAtFirst(3) : RunToEnd(3);
            await FailureOfAsync(FanOutAsync(Enumerable.Range(0, 9), options, FailAsync));
            await FailureOfAsync(FanOutAsync(
                Enumerable.Range(0, 9),
                StopAtFirst(3),
                async (item, token) =>
                {
                    await cts.CancelAsync();
                    return await FailAsync(item, token);
                },
                cts.Token));
        }

        Leaks.Check();

        static async ValueTask<int> FailAsync(int item, CancellationToken token)
        {
            await Task.Yield();
            throw new InvalidOperationException("item " + item);
        }
    }

    [Fact]
    public async Task No_registration_is_left_behind_on_the_callers_token()
    {
        using var longLived = new CancellationTokenSource();

        var bodies = await RunAsync();

        // The thread that ended the run may still have it on its stack for a moment.
        await Hang.UntilAsync(() =>
        {
            Leaks.Check();
            return !bodies.IsAlive;
        });
        Assert.False(longLived.IsCancellationRequested);

        async Task<WeakReference> RunAsync()
        {
            var captured = new object();
            await FanOutAsync(
                Enumerable.Range(0, 5),
                StopAtFirst(2),
                (item, _) => new ValueTask<int>(item + captured.GetHashCode()),
                longLived.Token).OrHangs();
            return new WeakReference(captured);
        }
    }

    private static IEnumerable<int> Endless()
    {
        for (var item = 0; ; item = unchecked(item + 1))
        {
            yield return item;
        }
    }
}
