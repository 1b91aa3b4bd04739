using System.Collections.Concurrent;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The guarantees of a partition, which limits each key, at every entry point.</summary>
public sealed class FanOutPartitionTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Fifty = new() { Schedules = 50 };

    /// <summary>Used by tests that run for each entry point, or that depend little on the order.</summary>
    private static readonly AsyncTestOptions Few = new() { Schedules = 25 };

    public static TheoryData<string> EntryPoints =>
    [
        "FanOutAsync over an array", "FanOutAsync over a list", "FanOutAsync over an enumerable",
        "FanOutAsync over an async enumerable", "FanOutAsync over a channel", "FanOutStream in source order",
        "FanOutStream by completion", "FanOutOutcomes in source order", "FanOutOutcomes by completion",
        "FanOutReportAsync over an array", "FanOutReportAsync over an enumerable",
    ];

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void At_most_MaxPerKey_operations_of_a_key_and_MaxConcurrency_of_all_keys_run_at_a_time(string entry) =>
        AsyncTest.Run(async context =>
        {
            var watch = new KeyWatch(item => item % 3);

            var results = await SubjectOf(entry).FanOutAsync<int, int>(
                Enumerable.Range(0, 30),
                By(item => item % 3, maxPerKey: 2, limit: 5),
                async (item, _) =>
                {
                    watch.Start(item);
                    await Task.Yield();
                    watch.End(item);
                    return item;
                },
                CancellationToken.None);

            Assert.Equal(Enumerable.Range(0, 30), results.Order());
            Assert.InRange(watch.Peak, 1, 5);
            Assert.InRange(watch.PeakOfAKey, 1, 2);
        }, Few);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void Both_limits_are_reached_if_enough_items_exist(string entry) =>
        AsyncTest.Run(async context =>
        {
            var gate = new TestGate();

            var run = SubjectOf(entry).FanOutAsync<int, int>(
                [0, 0, 0, 0, 1, 1, 1, 2, 2, 2],
                By(item => item, maxPerKey: 2, limit: 5),
                async (item, token) =>
                {
                    await gate.PassAsync(token);
                    return item;
                },
                CancellationToken.None);
            await context.RunUntilIdleAsync();
            Assert.Equal(5, gate.Arrivals); // Two, two, and one, since no slot was left for its second.
            gate.Open();

            Assert.Equal(10, (await run).Length);
        }, Few);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void An_item_whose_key_is_full_holds_no_slot_and_delays_no_other_key(string entry) =>
        AsyncTest.Run(async context =>
        {
            var isOtherDone = new TestGate();

            var results = await SubjectOf(entry).FanOutAsync<char, char>(
                ['a', 'a', 'a', 'b'],
                By((char item) => item, maxPerKey: 1, limit: 2),
                async (item, token) =>
                {
                    if (item == 'b')
                    {
                        isOtherDone.Open();
                    }

                    await isOtherDone.PassAsync(token); // The a's wait for the b, which follows them.
                    return item;
                },
                CancellationToken.None);

            Assert.Equal(['a', 'a', 'a', 'b'], results.Order());
        }, Few);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void The_items_of_a_key_start_in_source_order(string entry) =>
        AsyncTest.Run(async context =>
        {
            var watch = new KeyWatch(item => item % 4);
            var maxPerKey = context.Random.Next(1, 3);

            await SubjectOf(entry).FanOutAsync<int, int>(
                Enumerable.Range(0, 24),
                By(item => item % 4, maxPerKey, limit: 6),
                async (item, _) =>
                {
                    watch.Start(item);
                    for (var i = context.Random.Next(4); i > 0; i--)
                    {
                        await Task.Yield();
                    }

                    watch.End(item);
                    return item;
                },
                CancellationToken.None);

            watch.AssertEachKeyStartedInSourceOrder();
            Assert.InRange(watch.PeakOfAKey, 1, maxPerKey);
        }, Few);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(null)]
    public void At_most_MaxParked_items_are_parked_and_no_other_item_is_pulled_until_one_starts(int? maxParked) =>
        AsyncTest.Run(async context =>
        {
            var source = new ProbedSource(60);
            var proceed = new SemaphoreSlim(0);
            var options = By(item => "the same", maxPerKey: 1, limit: 3);
            options = options with { Partition = options.Partition! with { MaxParked = maxParked } };

            var run = source.AsAsync().FanOutAsync(options, async (item, token) =>
            {
                await proceed.WaitAsync(token);
                return item;
            });
            for (var ended = 0; ended < 60; ended++)
            {
                await context.RunUntilIdleAsync();
                Assert.Equal(Math.Min(60, ended + 1 + (maxParked ?? 24)), source.Pulled);
                proceed.Release();
            }

            Assert.Equal(Enumerable.Range(0, 60), await run);
        }, Fifty);

    [Fact]
    public async Task A_key_function_that_outlasts_the_cancellation_starts_no_item()
    {
        using var caller = new CancellationTokenSource();
        using var blocked = new BlockingGate();
        var started = 0;
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            Partition = FanOutPartition.By<int, int>(
                item =>
                {
                    // The callback of the run comes after this one, which is still blocked when the function returns.
                    caller.Token.Register(() => blocked.Pass());
                    _ = caller.CancelAsync();
                    SpinWait.SpinUntil(() => blocked.Arrivals > 0);
                    return item;
                },
                1),
        };

        var run = new[] { 1 }.FanOutAsync(
            options,
            (_, _) =>
            {
                started++;
                return ValueTask.CompletedTask;
            },
            caller.Token);
        await blocked.ArrivedAsync(1);
        blocked.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run).OrHangs();
        Assert.Equal(0, started);
    }

    [Fact]
    public async Task The_key_function_sees_the_context_of_the_caller()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var options = new FanOutOptions
        {
            MaxConcurrency = 3,
            Partition = FanOutPartition.By<int, int>(
                item =>
                {
                    seen[local.Value!] = item;
                    return item % 5;
                },
                1),
        };

        await Source().FanOutAsync(options, async (_, _) => await Task.Yield()).OrHangs();

        Assert.Equal(["caller"], seen.Keys);

        IEnumerable<int> Source()
        {
            for (var item = 0; item < 50; item++)
            {
                local.Value = "source";
                yield return item;
            }
        }
    }

    [Fact]
    public void A_parked_item_starts_as_soon_as_its_key_has_room_even_if_the_source_is_slow() =>
        AsyncTest.Run(async context =>
        {
            List<(int Item, TimeSpan At)> started = [];

            await SlowAsync().FanOutAsync(By(_ => "the same", maxPerKey: 1, limit: 4), async (item, token) =>
            {
                started.Add((item, context.Time.Elapsed));
                await Task.Delay(TimeSpan.FromSeconds(1), context.Time, token);
            });

            Assert.Equal(
                [(0, TimeSpan.Zero), (1, TimeSpan.FromSeconds(1)), (2, TimeSpan.FromSeconds(2)), (3, TimeSpan.FromHours(1))],
                started);

            async IAsyncEnumerable<int> SlowAsync()
            {
                yield return 0;
                yield return 1;
                yield return 2;
                await Task.Delay(TimeSpan.FromHours(1), context.Time);
                yield return 3;
            }
        }, Fifty);

    [Fact]
    public async Task A_parked_item_starts_while_MoveNext_blocks_its_thread()
    {
        using var hasSecondStarted = new ManualResetEventSlim();
        var isThirdRequested = new TestGate();

        var results = await Blocking().FanOutAsync(
            By(_ => "the same", maxPerKey: 1, limit: 2),
            async (item, token) =>
            {
                await isThirdRequested.PassAsync(token);
                if (item == 1)
                {
                    hasSecondStarted.Set();
                }

                return item;
            }).OrHangs();

        Assert.Equal([0, 1, 2], results);

        IEnumerable<int> Blocking()
        {
            yield return 0;
            yield return 1;
            isThirdRequested.Open();
            hasSecondStarted.Wait();
            yield return 2;
        }
    }

    [Theory]
    [InlineData(FailureMode.StopAtFirst)]
    [InlineData(FailureMode.RunToEnd)]
    public void A_key_function_that_throws_fails_the_source_and_its_item_does_not_start(FailureMode mode) =>
        AsyncTest.Run(async context =>
        {
            var options = By(item => item == 4 ? throw new FormatException("no key") : item % 2, maxPerKey: 1, limit: 4) with
            {
                OnFailure = mode,
            };
            var source = new ProbedSource(9);

            var report = await source.FanOutReportAsync(options, async (item, token) =>
            {
                await Task.Yield();
                token.ThrowIfCancellationRequested();
                return item;
            });

            Assert.Equal("no key", Assert.IsType<FormatException>(report.SourceException).Message);
            Assert.Equal([0, 1, 2, 3, 4], report.Outcomes.Select(outcome => outcome.Item));
            Assert.Equal(FanOutOutcomeKind.NotStarted, report.Outcomes[4].Kind);
            Assert.Equal((1, false), (source.Disposed, source.DisposedWhileMoving));
            if (mode == FailureMode.RunToEnd)
            {
                Assert.Equal([0, 1, 2, 3], report.Values); // Including the items that were parked then.
            }
        }, Fifty);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void A_null_key_is_rejected_with_a_reason(string entry) =>
        AsyncTest.Run(async context =>
        {
            var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => SubjectOf(entry).FanOutAsync<int, int>(
                [1, 2, 3],
                By<int, string>(_ => null!, maxPerKey: 1, limit: 2),
                (item, _) => new ValueTask<int>(item),
                CancellationToken.None));

            Assert.Contains("must not be null", failure.Message, StringComparison.Ordinal);
        }, Few);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void The_key_function_is_called_once_per_item_and_for_one_item_at_a_time(string entry) =>
        AsyncTest.Run(async context =>
        {
            List<int> keyed = [];

            await SubjectOf(entry).FanOutAsync<int, int>(
                Enumerable.Range(0, 20),
                By(
                    item =>
                    {
                        keyed.Add(item);
                        return item % 3;
                    },
                    maxPerKey: 1,
                    limit: 4),
                async (item, _) =>
                {
                    await Task.Yield();
                    return item;
                },
                CancellationToken.None);

            Assert.Equal(Enumerable.Range(0, 20), keyed);
        }, Few);

    [Fact]
    public async Task The_key_function_runs_on_the_thread_pool()
    {
        var caller = Environment.CurrentManagedThreadId;
        var channel = System.Threading.Channels.Channel.CreateUnbounded<int>(
            new() { AllowSynchronousContinuations = true });
        var (threads, gate) = (new System.Collections.Concurrent.ConcurrentBag<(bool IsPool, int Id)>(), new TestGate());
        var run = channel.Reader.ReadAllAsync().FanOutAsync(
            By(
                item =>
                {
                    threads.Add((Thread.CurrentThread.IsThreadPoolThread, Environment.CurrentManagedThreadId));
                    return item % 2;
                },
                maxPerKey: 1,
                limit: 2),
            (item, _) =>
            {
                gate.Arrive();
                return new ValueTask<int>(item);
            });

        var writer = new Thread(() =>
        {
            for (var item = 0; item < 10; item++)
            {
                channel.Writer.TryWrite(item);
                SpinWait.SpinUntil(() => gate.Arrivals > item, TimeSpan.FromSeconds(30));
            }

            channel.Writer.Complete();
        });
        writer.Start();
        await run.OrHangs();
        writer.Join();

        Assert.Equal(10, threads.Count);
        Assert.All(threads, thread => Assert.True(thread.IsPool));
    }

    [Fact]
    public void The_comparer_decides_which_keys_are_equal() =>
        AsyncTest.Run(async context =>
        {
            var watch = new KeyWatch(_ => 0);
            var options = new FanOutOptions
            {
                MaxConcurrency = 4,
                Partition = FanOutPartition.By((string item) => item, 1, StringComparer.OrdinalIgnoreCase),
            };

            await new[] { "host", "HOST", "Host" }.FanOutAsync(options, async (item, _) =>
            {
                watch.Start(0);
                await Task.Yield();
                watch.End(0);
            });

            Assert.Equal(1, watch.Peak);
        }, Fifty);

    [Theory]
    [InlineData(FailureMode.StopAtFirst)]
    [InlineData(FailureMode.RunToEnd)]
    public void A_report_contains_every_parked_item_once_even_if_the_run_stops(FailureMode mode) =>
        AsyncTest.Run(async context =>
        {
            using var cts = new CancellationTokenSource();
            var options = By(item => item % 2, maxPerKey: 1, limit: 3) with { OnFailure = mode };
            options = options with { Partition = options.Partition! with { MaxParked = 40 } };
            var source = new ProbedSource(90);
            var isArray = context.Random.Next(2) == 0;
            var items = isArray ? Enumerable.Range(0, 90).ToArray() : (IEnumerable<int>)source;

            var run = items.FanOutReportAsync(
                options,
                async (item, token) =>
                {
                    await new TestGate().PassAsync(token);
                    return item;
                },
                cts.Token);
            await context.RunUntilIdleAsync();
            await cts.CancelAsync();
            var report = await run;

            Assert.True(report.IsCancelled);
            Assert.Equal(isArray ? 90 : 42, report.Outcomes.Count); // Two are running, forty are parked.
            Assert.Equal(Enumerable.Range(0, report.Outcomes.Count), report.Outcomes.Select(outcome => outcome.Item));
            Assert.Equal(Enumerable.Range(0, report.Outcomes.Count), report.Outcomes.Select(outcome => outcome.Index));
            Assert.Equal((2, report.Outcomes.Count - 2), (report.CancelledCount, report.NotStartedCount));
        }, Fifty);

    [Fact]
    public void No_parked_item_starts_after_the_first_failure() =>
        AsyncTest.Run(async context =>
        {
            List<int> started = [];

            var failure = await Assert.ThrowsAsync<FormatException>(() => Enumerable.Range(0, 20).FanOutAsync(
                By(_ => "the same", maxPerKey: 1, limit: 4),
                async (item, _) =>
                {
                    started.Add(item);
                    await Task.Yield();
                    return item == 3 ? throw new FormatException() : item;
                }));

            Assert.Equal([0, 1, 2, 3], started);
            Assert.Equal(3, failure.Data["AsyncKit.Index"]);
        }, Fifty);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cancelled_run_pulls_no_item_and_calls_no_key_function(bool isInMoveNext) =>
        AsyncTest.Run(async context =>
        {
            using var cts = new CancellationTokenSource();
            List<int> keyed = [];
            var source = new ProbedSource(20)
            {
                OnMoveNextAsync = async (_, _) => await Task.Yield(),
                OnMoveNext = pulled => CancelIf(isInMoveNext && pulled == 2),
            };
            var options = By(
                item =>
                {
                    keyed.Add(item);
                    CancelIf(!isInMoveNext && item == 2);
                    return 0;
                },
                maxPerKey: 1,
                limit: 2);

            var run = context.Random.Next(2) == 0
                ? source.FanOutAsync(options, (_, token) => WaitAsync(token), cts.Token)
                : source.AsAsync().FanOutAsync(options, (_, token) => WaitAsync(token), cts.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

            Assert.Equal(3, source.Pulled);
            Assert.Equal(isInMoveNext ? [0, 1] : [0, 1, 2], keyed);

            void CancelIf(bool condition)
            {
                if (condition)
                {
                    cts.Cancel();
                }
            }

            static async ValueTask WaitAsync(CancellationToken token) => await new TestGate().PassAsync(token);
        }, Few);

    [Fact]
    public void RunToEnd_continues_a_key_after_a_failed_item() =>
        AsyncTest.Run(async context =>
        {
            var options = By(_ => "the same", maxPerKey: 1, limit: 4) with { OnFailure = FailureMode.RunToEnd };

            var all = await Assert.ThrowsAsync<FanOutException>(() => Enumerable.Range(0, 9).FanOutAsync(
                options,
                (item, _) => item % 3 == 0 ? throw new FormatException() : new ValueTask<int>(item)));

            Assert.Equal([0, 3, 6], all.Failures.Select(failure => failure.Index));
        }, Fifty);

    [Fact]
    public void Parked_items_run_after_the_source_ended_or_failed() =>
        AsyncTest.Run(async context =>
        {
            List<int> started = [];
            var source = new ProbedSource(9) { Fault = SourceFault.MoveNext, FaultAt = 6 };
            var options = By(_ => "the same", maxPerKey: 1, limit: 4) with { OnFailure = FailureMode.RunToEnd };

            await Assert.ThrowsAsync<FanOutException>(() => source.AsAsync().FanOutAsync(options, async (item, _) =>
            {
                await context.RunUntilIdleAsync(); // The source fails before the first item completes.
                started.Add(item);
                return item;
            }));

            Assert.Equal([0, 1, 2, 3, 4, 5], started);
        }, Fifty);

    [Theory]
    [InlineData(FanOutOrder.Source, 0)]
    [InlineData(FanOutOrder.Source, 3)]
    [InlineData(FanOutOrder.Completion, 0)]
    [InlineData(FanOutOrder.Completion, 3)]
    public void In_a_stream_parked_items_count_for_the_look_ahead(
        FanOutOrder order, int lookahead) =>
        AsyncTest.Run(async context =>
        {
            var source = new ProbedSource(20);
            var options = By(item => item / 5, maxPerKey: 1, limit: 4) with { Order = order, Lookahead = lookahead };
            List<int> read = [];

            await foreach (var result in source.AsAsync().FanOutStream(options, async (item, _) =>
            {
                await Task.Yield();
                return item;
            }))
            {
                await context.RunUntilIdleAsync();
                read.Add(result);
                Assert.InRange(source.Pulled, read.Count, read.Count + lookahead);
            }

            Assert.Equal(Enumerable.Range(0, 20), order == FanOutOrder.Source ? read : read.Order());
        }, Fifty);

    [Fact]
    public void A_stream_whose_reader_stops_early_starts_no_parked_item_and_disposes_its_source() =>
        AsyncTest.Run(async context =>
        {
            var source = new ProbedSource(50);
            var (running, stopAt) = (0, context.Random.Next(1, 10));
            var read = 0;

            await foreach (var item in source.AsAsync().FanOutStream(
                By(item => item % 3, maxPerKey: 1, limit: 4),
                async (item, token) =>
                {
                    running++;
                    await Task.Yield();
                    running--;
                    return item;
                }))
            {
                if (++read == stopAt)
                {
                    break;
                }
            }

            Assert.Equal(0, running);
            Assert.Equal((1, 1, false), (source.Enumerated, source.Disposed, source.DisposedWhileMoving));
        }, Fifty);

    [Fact]
    public void Parked_items_use_the_resource_of_their_worker() =>
        AsyncTest.Run(async context =>
        {
            var opened = 0;

            var results = await Enumerable.Range(0, 12).ToArray()
                .PerWorker(async _ =>
                {
                    await Task.Yield();
                    return ++opened;
                })
                .FanOutAsync(By(item => item % 2, maxPerKey: 1, limit: 4), async (worker, item, _) =>
                {
                    await Task.Yield();
                    return item;
                });

            Assert.Equal(Enumerable.Range(0, 12), results);
            Assert.InRange(opened, 1, 4);
        }, Fifty);

    [Fact]
    public void A_List_changed_during_the_run_throws_InvalidOperationException() =>
        AsyncTest.Run(async context =>
        {
            List<int> items = [.. Enumerable.Range(0, 20)];

            await Assert.ThrowsAsync<InvalidOperationException>(() => items.FanOutAsync(
                By(item => item, maxPerKey: 1, limit: 2),
                async (item, _) =>
                {
                    await Task.Yield();
                    items.Add(item);
                    return item;
                }));
        }, Fifty);

    [Fact]
    public void Two_runs_with_the_same_options_have_separate_limits() =>
        AsyncTest.Run(async context =>
        {
            var gate = new TestGate();
            var options = By(_ => "the same", maxPerKey: 1, limit: 2);

            var runs = Enumerable.Range(0, 2).Select(_ => new int[3].FanOutAsync(options, async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            })).ToList();
            await context.RunUntilIdleAsync();
            Assert.Equal(2, gate.Arrivals);
            gate.Open();

            await Task.WhenAll(runs);
        }, Fifty);

    [Fact]
    public void Each_item_sees_the_callers_context_even_if_it_was_parked() =>
        AsyncTest.Run(async context =>
        {
            var local = new AsyncLocal<string> { Value = "caller" };
            List<string?> seen = [];

            await Enumerable.Range(0, 9).FanOutAsync(
                By(
                    _ =>
                    {
                        local.Value = "key";
                        return 0;
                    },
                    maxPerKey: 1,
                    limit: 3),
                async (item, _) =>
                {
                    seen.Add(local.Value);
                    local.Value = "item";
                    await Task.Yield();
                });

            Assert.Equal(9, seen.Count);
            Assert.All(seen, value => Assert.Equal("caller", value));
        }, Fifty);

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public async Task A_key_function_for_another_item_type_is_rejected_at_the_call_naming_both_types(string entry)
    {
        var options = By((string text) => text.Length, maxPerKey: 1, limit: 2);

        var rejected = await Assert.ThrowsAsync<ArgumentException>("options", () => SubjectOf(entry).FanOutAsync<int, int>(
            [1], options, (item, _) => new ValueTask<int>(item), CancellationToken.None));

        Assert.Contains("System.Int32", rejected.Message, StringComparison.Ordinal);
        Assert.Contains("System.String", rejected.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("options", () =>
        {
            _ = new[] { 1 }.FanOutStream(options, (item, _) => new ValueTask<int>(item)); // At the call.
        });
    }

    [Fact]
    public void Invalid_values_are_rejected_when_they_are_set()
    {
        Assert.Throws<ArgumentNullException>("key", () => FanOutPartition.By<int, int>(null!, 1));
        var tooFew = Assert.Throws<ArgumentOutOfRangeException>("maxPerKey", () => FanOutPartition.By((int item) => item, 0));
        Assert.Equal(0, tooFew.ActualValue);
        var partition = FanOutPartition.By((int item) => item, 7);
        Assert.Throws<ArgumentOutOfRangeException>("MaxParked", () => partition with { MaxParked = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("MaxParked", () => partition with { MaxParked = (1 << 20) + 1 });
        Assert.Equal((7, null), (partition.MaxPerKey, partition.MaxParked));
        Assert.Equal((7, 1 << 20), (partition.MaxPerKey, (partition with { MaxParked = 1 << 20 }).MaxParked));
    }

    [Theory]
    [MemberData(nameof(EntryPoints))]
    public void An_empty_source_returns_no_results_and_calls_no_key_function(string entry) =>
        AsyncTest.Run(async context =>
        {
            var results = await SubjectOf(entry).FanOutAsync<int, int>(
                [],
                By<int, int>(_ => throw new InvalidOperationException("There is no item."), maxPerKey: 1, limit: 2),
                (item, _) => new ValueTask<int>(item),
                CancellationToken.None);

            Assert.Empty(results);
        }, Few);

    private static FanOutOptions By<TKey>(Func<int, TKey> key, int maxPerKey, int limit)
        where TKey : notnull => By<int, TKey>(key, maxPerKey, limit);

    private static FanOutOptions By<T, TKey>(Func<T, TKey> key, int maxPerKey, int limit)
        where TKey : notnull =>
        new()
        {
            MaxConcurrency = limit,
            OnFailure = FailureMode.StopAtFirst,
            Partition = FanOutPartition.By(key, maxPerKey),
        };

    private static FanOutSubject SubjectOf(string entry) => entry switch
    {
        "FanOutAsync over an array" => new FanOutSubjects.Async(SourceKind.Array),
        "FanOutAsync over a list" => new FanOutSubjects.Async(SourceKind.List),
        "FanOutAsync over an enumerable" => new FanOutSubjects.Async(SourceKind.LazyEnumerable),
        "FanOutAsync over an async enumerable" => new FanOutSubjects.Async(SourceKind.AsyncEnumerable),
        "FanOutAsync over a channel" => new FanOutSubjects.Async(SourceKind.ChannelReader),
        "FanOutStream in source order" => new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source),
        "FanOutStream by completion" => new FanOutSubjects.Streamed(SourceKind.List, FanOutOrder.Completion),
        "FanOutOutcomes in source order" => new FanOutSubjects.Outcomes(SourceKind.LazyEnumerable, FanOutOrder.Source),
        "FanOutOutcomes by completion" => new FanOutSubjects.Outcomes(SourceKind.ChannelReader, FanOutOrder.Completion),
        "FanOutReportAsync over an array" => new FanOutSubjects.Report(SourceKind.Array),
        "FanOutReportAsync over an enumerable" => new FanOutSubjects.Report(SourceKind.LazyEnumerable),
        _ => throw new ArgumentOutOfRangeException(nameof(entry), entry, "No such entry point."),
    };
}
