namespace AsyncKit.Tests;

/// <summary>The guarantees of a fan-out about threads, contexts and memory, which only real threads can show.</summary>
public abstract class FanOutThreadContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutContract(subject, world, leaks)
{
    [Fact]
    public async Task An_endless_source_works()
    {
        using var cts = new CancellationTokenSource();

        var run = FanOutAsync(
            IsPulled ? Endless() : Enumerable.Range(0, 1_000_000), // An array or a list is finite.
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
        var gate = new TestGate();
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
    public async Task User_code_never_runs_on_a_thread_that_completes_an_awaited_task()
    {
        var (awaited, threads) = (new TaskCompletionSource(), new HashSet<int>());
        var waiting = new TestGate();
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

        var completer = new Thread(awaited.SetResult); // Continues the awaiting operation inline, on its own thread.
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
    public async Task Each_operation_observes_an_empty_context_if_the_flow_is_suppressed_at_the_call()
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
    public async Task A_blocking_operation_delays_only_its_own_slot()
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
                unblock.Set(); // All other operations ran while the first still blocks.
            }

            return new ValueTask<int>(item);
        });

        Assert.Equal(20, (await run.OrHangs()).Length);
    }

    [Fact]
    public async Task A_continuation_of_the_run_never_runs_inside_it()
    {
        var gate = new TestGate();
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

    [Fact]
    public async Task No_exception_stays_unobserved()
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

        var captured = await RunAsync();

        // The thread that completed the run may still have the object on its stack.
        await Hang.UntilAsync(() =>
        {
            Leaks.Check();
            return !captured.IsAlive;
        });
        Assert.False(longLived.IsCancellationRequested);

        async Task<WeakReference> RunAsync()
        {
            var state = new object();
            await FanOutAsync(
                Enumerable.Range(0, 5),
                StopAtFirst(2),
                (item, _) => new ValueTask<int>(item + state.GetHashCode()),
                longLived.Token).OrHangs();
            return new WeakReference(state);
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
