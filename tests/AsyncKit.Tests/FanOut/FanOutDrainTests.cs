using System.Collections.Concurrent;
using System.Threading.Channels;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Draining a run: the items and the source at the signal, and each option that makes an item wait.</summary>
public sealed class FanOutDrainTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Hundred = new() { Schedules = 100 };

    public static TheoryData<string> EntryPoints() =>
        ["FanOutAsync", "FanOutAsync without results", "FanOutStream", "FanOutOutcomes", "FanOutReportAsync"];

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void A_drain_of_an_idle_source_ends_the_run(string entryPoint) => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            var channel = Channel.CreateUnbounded<int>();
            var run = RunAsync(
                entryPoint, channel.Reader.ReadAllAsync(), Drained(drain), (item, _) => new ValueTask<int>(item));
            await test.RunUntilIdleAsync();
            Assert.False(run.IsCompleted);

            await drain.CancelAsync();

            Assert.Equal(0, await run);
        },
        Hundred);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void A_drain_of_a_channel_completes_what_was_read_and_leaves_the_rest(string entryPoint) => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            using var caller = new CancellationTokenSource();
            var channel = Channel.CreateUnbounded<int>();
            Array.ForEach([.. Enumerable.Range(0, 30)], item => Assert.True(channel.Writer.TryWrite(item)));
            var finished = new List<int>();
            var run = RunAsync(
                entryPoint,
                channel.Reader.ReadAllAsync(drain.Token), // Both tokens: the compiler links them.
                Drained(drain),
                async (item, token) =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(item % 3), test.Time, token);
                    finished.Add(item);
                    return item;
                },
                caller.Token);
            await Task.Delay(TimeSpan.FromSeconds(test.Random.Next(9)), test.Time);

            await drain.CancelAsync();

            var count = await run;
            Assert.Equal(Enumerable.Range(0, count), finished.Order());
            Assert.Equal(30 - count, channel.Reader.Count);
        },
        new AsyncTestOptions { Schedules = 500 });

    [Fact]
    public void A_drain_completes_parked_items() => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            var (gate, source) = (new TestGate(), new ProbedSource(100));
            var options = Drained(drain) with { Partition = FanOutPartition.By((int item) => item == 50 ? 1 : 0, 1) with { MaxParked = 5 } };
            var run = source.AsAsync().FanOutAsync(options, async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            });
            await test.RunUntilIdleAsync();
            Assert.Equal((1, 6), (gate.Arrivals, source.Pulled)); // One runs and five are parked behind it.

            await drain.CancelAsync();
            gate.Open();

            Assert.Equal((int[])[0, 1, 2, 3, 4, 5], await run);
            Assert.Equal(1, source.Disposed);
        },
        Hundred);

    [Fact]
    public void A_drain_completes_items_that_wait_for_the_gate_the_rate_or_a_retry() => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            var gate = new ConcurrencyGate(1);
            await using var limiter = new ScriptedLimiter(refusals: 3, TimeSpan.FromSeconds(1));
            var attempts = new int[50];
            var options = Drained(drain) with
            {
                Gate = gate,
                StartRate = limiter,
                ItemTimeout = TimeSpan.FromHours(1),
                Retry = new RetryOptions { MaxAttempts = 2, Backoff = Backoff.Constant(TimeSpan.FromMinutes(1)) },
                TimeProvider = test.Time,
            };
            var held = await gate.AcquireAsync();
            var run = attempts.Select((_, item) => item).FanOutAsync(options, async (item, _) =>
            {
                await Task.Yield();
                return ++attempts[item] == 1 ? throw new TimeoutException() : item;
            });
            await test.RunUntilIdleAsync();

            await drain.CancelAsync();
            await test.RunUntilIdleAsync();
            Assert.False(run.IsCompleted);
            held.Dispose();

            Assert.Equal((int[])[0, 1, 2, 3], await run); // Each slot held an item.
            Assert.Equal([2, 2, 2, 2, 0], attempts.Take(5));
        },
        Hundred);

    [Fact]
    public void A_cancellation_that_the_source_throws_after_the_signal_is_its_end() => AsyncTest.Run(async test =>
    {
        using var other = new CancellationTokenSource();
        await other.CancelAsync();
        foreach (var thrown in (Exception[])
            [
                new OperationCanceledException(),
                new TaskCanceledException("another token", null, other.Token),
                new AggregateException(new OperationCanceledException()),
            ])
        {
            var run = DrainThenThrowAsync(thrown);

            Assert.Equal((int[])[0, 1], await run);
        }
    });

    [Fact]
    public void Any_other_exception_of_the_source_after_the_signal_is_a_failure() => AsyncTest.Run(async test =>
    {
        foreach (var thrown in (Exception[])
            [
                new FormatException(),
                new TaskCanceledException("HttpClient.Timeout", new TimeoutException()),
                new CanceledWithFailureException(new FormatException(), CancellationToken.None),
            ])
        {
            Assert.Same(thrown, await Record.ExceptionAsync(() => DrainThenThrowAsync(thrown)));
        }
    });

    [Fact]
    public void A_cancellation_of_the_key_function_during_a_drain_is_a_failure() => AsyncTest.Run(async test =>
    {
        using var drain = new CancellationTokenSource();
        var options = Drained(drain) with
        {
            Partition = FanOutPartition.By(
                (int item) =>
                {
                    drain.Cancel();
                    return item == 0 ? throw new OperationCanceledException(drain.Token) : item;
                },
                1),
        };

        var run = new ProbedSource(5).FanOutAsync(options, (item, _) => new ValueTask<int>(item));

        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        Assert.True(run.IsFaulted); // The item left the source and did not start.
    });

    [Fact]
    public void A_source_that_ignores_its_token_is_awaited_and_its_item_completes() => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            var (waiting, source) = (new TestGate(), new List<int>());
            var pending = new ProbedSource(10)
            {
                OnMoveNextAsync = (pulled, _) => pulled == 2 ? waiting.PassAsync(CancellationToken.None) : Task.CompletedTask,
            };
            var run = pending.AsAsync().FanOutReportAsync(Drained(drain), (item, _) => new ValueTask<int>(item));
            await waiting.ArrivedAsync(1);
            await drain.CancelAsync();
            await test.RunUntilIdleAsync();
            Assert.False(run.IsCompleted);

            waiting.Open();

            var report = await run;
            Assert.Equal([0, 1, 2], report.Values);
            Assert.True(report.IsDrained);
            Assert.Equal((3, 1, false), (pending.Pulled, pending.Disposed, pending.DisposedWhileMoving));
        },
        Hundred);

    [Fact]
    public async Task A_drain_ends_a_blocking_collection_that_throws_from_MoveNext()
    {
        using var drain = new CancellationTokenSource();
        using var collection = new BlockingCollection<int> { 1, 2, 3 };
        var all = new TestGate();
        var run = collection.GetConsumingEnumerable(drain.Token).FanOutAsync(Drained(drain), (item, _) =>
        {
            all.Arrive();
            return new ValueTask<int>(item);
        });
        await all.ArrivedAsync(3);

        await drain.CancelAsync();

        var results = await run.OrHangs();
        Assert.Equal([1, 2, 3], results);
    }

    [Fact]
    public void A_drain_disposes_the_source_of_a_stream_before_its_reader_continues() => AsyncTest.Run(
        async test =>
        {
            foreach (var (lookahead, order) in new[] { (0, FanOutOrder.Source), (3, FanOutOrder.Source), (3, FanOutOrder.Completion) })
            {
                using var drain = new CancellationTokenSource();
                var source = new ProbedSource(100);
                var options = Drained(drain) with { Lookahead = lookahead, Order = order };
                await using var reader = source.AsAsync()
                    .FanOutStream(options, (item, _) => new ValueTask<int>(item)).GetAsyncEnumerator();
                Assert.True(await reader.MoveNextAsync());
                await test.RunUntilIdleAsync();

                await drain.CancelAsync();
                await test.RunUntilIdleAsync();

                Assert.Equal((lookahead + 1, 1), (source.Pulled, source.Disposed));
                var read = 1;
                while (await reader.MoveNextAsync())
                {
                    read++;
                }

                Assert.Equal(source.Pulled, read);
            }
        },
        Hundred);

    [Fact]
    public async Task No_user_code_runs_inside_the_Cancel_of_the_signal()
    {
        using var drain = new CancellationTokenSource();
        var (waiting, called) = (new TestGate(), new TestGate());
        var threads = new ConcurrentQueue<int>();
        var source = new ProbedSource(10)
        {
            OnMoveNextAsync = async (pulled, token) =>
            {
                _ = token.Register(() =>
                {
                    threads.Enqueue(Environment.CurrentManagedThreadId);
                    called.Arrive();
                });
                await waiting.PassAsync(token);
            },
        };
        var run = source.AsAsync().FanOutAsync(Drained(drain), (item, _) => new ValueTask<int>(item));
        await waiting.ArrivedAsync(1);

        var signaller = new Thread(drain.Cancel);
        signaller.Start();
        signaller.Join();
        await called.ArrivedAsync(1);

        Assert.Empty(await run.OrHangs());
        Assert.DoesNotContain(signaller.ManagedThreadId, threads);
        Assert.DoesNotContain(signaller.ManagedThreadId, source.Threads);
    }

    [Fact]
    public void A_callback_on_the_token_of_the_source_that_throws_ends_the_run_with_that_error() => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            var (waiting, gate) = (new TestGate(), new TestGate());
            var source = new ProbedSource(10)
            {
                OnMoveNextAsync = (pulled, token) =>
                {
                    if (pulled == 1)
                    {
                        _ = token.Register(() => throw new FormatException());
                        return waiting.PassAsync(token);
                    }

                    return Task.CompletedTask;
                },
            };
            var run = source.AsAsync().FanOutAsync(Drained(drain), async (item, token) =>
            {
                await gate.PassAsync(token); // Is cancelled by the failure.
                return item;
            });
            await waiting.ArrivedAsync(1);
            await gate.ArrivedAsync(1);
            await drain.CancelAsync();

            await Assert.ThrowsAsync<FormatException>(() => run);
        },
        Hundred);

    [Fact]
    public void The_token_of_the_source_is_cancelled_when_the_run_stops() => AsyncTest.Run(
        async test =>
        {
            using var drain = new CancellationTokenSource();
            using var caller = new CancellationTokenSource();
            var waiting = new TestGate();
            var source = new ProbedSource(3) { OnMoveNextAsync = (_, token) => waiting.PassAsync(token) };
            var run = source.AsAsync().FanOutAsync(Drained(drain), (item, _) => new ValueTask<int>(item), caller.Token);
            await waiting.ArrivedAsync(1);

            await caller.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
            Assert.True(run.IsCanceled);
        },
        Hundred);

    [Fact]
    public void A_report_is_drained_only_if_the_signal_left_items_in_the_source() => AsyncTest.Run(async test =>
    {
        var partition = FanOutPartition.By((int item) => item % 2, 1);
        foreach (var by in (FanOutPartition?[])[null, partition])
        {
            var cut = await DrainAtAsync(Enumerable.Range(0, 6).ToList(), at: 2, by);
            Assert.True(cut.IsDrained);
            Assert.Equal((6, 3), (cut.Outcomes.Count, cut.NotStartedCount));
            Assert.Equal([3, 4, 5], cut.NotStarted.Select(outcome => outcome.Item));
            Assert.False(cut.IsCancelled);
            cut.ThrowIfAnyFailed();

            Assert.False((await DrainAtAsync(Enumerable.Range(0, 6).ToArray(), at: 5, by)).IsDrained);
            Assert.False((await DrainAtAsync(Enumerable.Range(0, 6).ToArray(), at: 9, by)).IsDrained);
        }
    });

    [Fact]
    public async Task Blocking_work_is_drained_too()
    {
        using var drain = new CancellationTokenSource();
        await using var lane = Lanes.Of(2);
        var options = Drained(drain) with { MaxConcurrency = 2 };
        var finished = 0;

        var results = await Enumerable.Range(0, 100).FanOutBlockingAsync(lane, options, Work).OrHangs();
        await Enumerable.Range(0, 100).FanOutBlockingAsync(lane, options, (item, token) => { finished = -1; }).OrHangs();

        Assert.Equal(finished, results.Length);
        Assert.InRange(finished, 11, 12);

        int Work(int item, CancellationToken token)
        {
            if (Interlocked.Increment(ref finished) == 11)
            {
                drain.Cancel();
            }

            Assert.False(token.IsCancellationRequested);
            return item;
        }
    }

    [Fact]
    public void An_item_that_the_source_yields_after_a_cancellation_is_reported_as_NotStarted() => AsyncTest.Run(
        async test =>
        {
            using var caller = new CancellationTokenSource();
            var waiting = new TestGate();
            var source = new ProbedSource(10)
            {
                OnMoveNextAsync = (pulled, _) => pulled == 1 ? waiting.PassAsync(CancellationToken.None) : Task.CompletedTask,
            };
            var run = source.AsAsync().FanOutReportAsync(1, (item, _) => new ValueTask<int>(item), caller.Token);
            await waiting.ArrivedAsync(1);
            await caller.CancelAsync();
            waiting.Open();

            var report = await run;
            Assert.True(report.IsCancelled);
            Assert.Equal(2, source.Pulled);
            Assert.Equal(
                [FanOutOutcomeKind.Succeeded, FanOutOutcomeKind.NotStarted], report.Outcomes.Select(outcome => outcome.Kind));
        },
        Hundred);

    private static FanOutOptions Drained(CancellationTokenSource drain) =>
        new() { MaxConcurrency = 4, DrainToken = drain.Token };

    private static async Task<int[]> DrainThenThrowAsync(Exception thrown)
    {
        using var drain = new CancellationTokenSource();
        return await SourceAsync().FanOutAsync(Drained(drain), (item, _) => new ValueTask<int>(item));

        async IAsyncEnumerable<int> SourceAsync()
        {
            yield return 0;
            yield return 1;
            await drain.CancelAsync();
            throw thrown;
        }
    }

    private static async Task<FanOutReport<int, int>> DrainAtAsync(IEnumerable<int> items, int at, FanOutPartition? partition)
    {
        using var drain = new CancellationTokenSource();
        var options = new FanOutOptions { MaxConcurrency = 1, DrainToken = drain.Token, Partition = partition };
        return await items.FanOutReportAsync(options, async (item, _) =>
        {
            if (item == at)
            {
                await drain.CancelAsync();
            }

            return item;
        });
    }

    /// <returns>The number of results.</returns>
    private static async Task<int> RunAsync(
        string entryPoint,
        IAsyncEnumerable<int> source,
        FanOutOptions options,
        Func<int, CancellationToken, ValueTask<int>> operation,
        CancellationToken cancellationToken = default)
    {
        switch (entryPoint)
        {
            case "FanOutAsync":
                return (await source.FanOutAsync(options, operation, cancellationToken)).Length;
            case "FanOutStream":
                return await CountAsync(source.FanOutStream(options, operation, cancellationToken));
            case "FanOutOutcomes":
                return await CountAsync(source.FanOutOutcomes(options, operation, cancellationToken));
            case "FanOutReportAsync":
                var report = await source.FanOutReportAsync(options, operation, cancellationToken);
                Assert.True(report.IsDrained);
                return report.SucceededCount;
            default:
                var count = 0;
                await source.FanOutAsync(
                    options,
                    async (item, token) =>
                    {
                        _ = await operation(item, token);
                        count++;
                    },
                    cancellationToken);
                return count;
        }

        static async Task<int> CountAsync<T>(IAsyncEnumerable<T> stream)
        {
            var count = 0;
            await foreach (var _ in stream)
            {
                count++;
            }

            return count;
        }
    }
}
