namespace AsyncKit.Tests;

/// <summary>The guarantees of a fan-out over a <see cref="FanOutQueue{T}"/> whose operations add items.</summary>
public abstract class FanOutQueueContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutTests(subject, world, leaks)
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public Task Items_that_operations_add_run_once_and_the_run_ends_by_itself(int limit) => RunAsync(async () =>
    {
        var (queue, added) = (new FanOutQueue<int>([0]), new List<int> { 0 });

        var results = await FanOutAsync(queue, StopAtFirst(limit), async (item, _) =>
        {
            await Task.Yield();
            foreach (var child in ChildrenOf(item, count: 20))
            {
                lock (added)
                {
                    added.Add(child);
                    Assert.True(queue.Add(child));
                }

                await Task.Yield();
            }

            return item;
        });

        Assert.Equal(Enumerable.Range(0, 20), results.Order());
        Assert.True(!IsInSourceOrder || results.SequenceEqual(added), "The results are not in the order of adding.");
        AssertEnded(queue);
    });

    [Fact]
    public Task An_item_that_the_last_operation_adds_is_not_lost() => RunAsync(async () =>
    {
        var queue = new FanOutQueue<int>([0]);

        var results = await FanOutAsync(queue, StopAtFirst(4), async (item, _) =>
        {
            if (item % 3 > 0)
            {
                await Task.Yield();
            }

            if (item < 19)
            {
                queue.Add(item + 1); // The last thing that the only operation in flight does.
            }

            return item;
        });

        Assert.Equal(Enumerable.Range(0, 20), results.Order());
        AssertEnded(queue);
    });

    [Fact]
    public Task An_item_that_is_added_from_outside_during_an_operation_is_not_lost() => RunAsync(async () =>
    {
        var (queue, gate) = (new FanOutQueue<int>([0]), new TestGate());

        var run = FanOutAsync(queue, StopAtFirst(2), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(1);
        Assert.Equal((0, 1), (queue.Count, queue.Pending));
        queue.Add(1);
        await gate.ArrivedAsync(2);
        gate.Open();

        var results = await run;
        Assert.Equal([0, 1], results.Order());
        AssertEnded(queue);
    });

    [Fact]
    public Task A_failed_item_ends_and_the_items_that_it_added_run() => RunAsync(async () =>
    {
        var (queue, runs) = (new FanOutQueue<int>([0]), new int[20]);

        var failure = await FailureOfAsync(FanOutAsync(queue, RunToEnd(3), async (item, _) =>
        {
            Interlocked.Increment(ref runs[item]);
            await Task.Yield();
            foreach (var child in ChildrenOf(item, count: 20))
            {
                queue.Add(child);
            }

            return item % 3 == 0 ? throw new FormatException() : item;
        }));

        Assert.All(runs, count => Assert.Equal(1, count));
        Assert.Equal(
            Enumerable.Range(0, 20).Where(item => item % 3 == 0),
            Assert.IsType<FanOutException>(failure).Failures.Select(one => (int)one.Item!).Order());
        AssertEnded(queue);
    });

    [Fact]
    public Task A_failure_that_stops_the_run_leaves_the_rest_in_the_queue_for_a_later_run() => RunAsync(async () =>
    {
        var queue = new FanOutQueue<int>(Enumerable.Range(0, 9));

        await FailureOfAsync(FanOutAsync(queue, StopAtFirst(1), async (item, _) =>
        {
            await Task.Yield();
            return item == 3 ? throw new FormatException() : item;
        }));
        Assert.Equal((5, 0), (queue.Count, queue.Pending));
        queue.Add(9);
        var rest = await FanOutAsync(queue, StopAtFirst(1), (item, _) => new ValueTask<int>(item));

        Assert.Equal([4, 5, 6, 7, 8, 9], rest);
        AssertEnded(queue);
    });

    [Fact]
    public Task A_failure_of_the_only_item_does_not_end_the_queue() => RunAsync(async () =>
    {
        var queue = new FanOutQueue<int>([0]);

        await FailureOfAsync(FanOutAsync(queue, StopAtFirst(2), async (item, _) =>
        {
            await Task.Yield();
            return item < 1 ? throw new FormatException() : item;
        }));
        queue.Add(1);

        var results = await FanOutAsync(queue, StopAtFirst(2), (item, _) => new ValueTask<int>(item));
        Assert.Equal([1], results);
        AssertEnded(queue);
    });

    [Fact]
    public Task A_cancellation_ends_the_wait_for_more_items_and_leaves_the_queue_open() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (queue, gate) = (new FanOutQueue<int>([0, 1]), new TestGate());

        var run = FanOutAsync(
            queue,
            StopAtFirst(4),
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(2); // The run waits for a third item.
        await World.CancelAsync(cts);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal((0, 0), (queue.Count, queue.Pending));
        queue.Add(2);
        var results = await FanOutAsync(queue, StopAtFirst(4), (item, _) => new ValueTask<int>(item));
        Assert.Equal([2], results);
        AssertEnded(queue);
    });

    [Fact]
    public Task An_empty_queue_ends_at_once() => RunAsync(async () =>
    {
        var queue = new FanOutQueue<int>();

        Assert.Empty(await FanOutAsync(queue, StopAtFirst(2), (item, _) => new ValueTask<int>(item)));

        AssertEnded(queue);
    });

    [Fact]
    public Task A_second_run_at_the_same_time_fails() => RunAsync(async () =>
    {
        var (queue, gate) = (new FanOutQueue<int>([0]), new TestGate());
        var run = FanOutAsync(queue, StopAtFirst(2), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(1);

        var second = FanOutAsync(queue, StopAtFirst(2), (item, _) => new ValueTask<int>(item));

        Assert.IsType<InvalidOperationException>(await FailureOfAsync(second));
        gate.Open();
        var results = await run;
        Assert.Equal([0], results);
        AssertEnded(queue);
    });

    [Fact]
    public Task An_item_is_pending_until_its_last_attempt() => RunAsync(async () =>
    {
        var (queue, attempts) = (new FanOutQueue<int>([0]), 0);
        var options = StopAtFirst(2) with
        {
            Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.None, ShouldRetry = _ => true },
        };

        var run = FanOutAsync(queue, options, async (item, _) =>
        {
            await Task.Yield();
            if (item == 0 && Interlocked.Increment(ref attempts) < 3)
            {
                throw new FormatException();
            }

            if (item < 3)
            {
                queue.Add(item + 1);
            }

            return item;
        });

        var results = await run;
        Assert.Equal([0, 1, 2, 3], results.Order());
        AssertEnded(queue);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task An_item_that_is_parked_for_its_key_is_pending(int limit) => RunAsync(async () =>
    {
        var queue = new FanOutQueue<int>([0]);
        var options = StopAtFirst(limit) with
        {
            Partition = FanOutPartition.By((int item) => item % 2, maxPerKey: 1) with { MaxParked = 2 },
        };

        var results = await FanOutAsync(queue, options, async (item, _) =>
        {
            foreach (var child in ChildrenOf(item, count: 20))
            {
                queue.Add(child);
                await Task.Yield();
            }

            return item;
        });

        Assert.Equal(Enumerable.Range(0, 20), results.Order());
        AssertEnded(queue);
    });

    [Fact]
    public Task Items_that_were_seen_run_once() => RunAsync(async () =>
    {
        var queue = new FanOutQueue<string>(["a", "A"], new() { Distinct = StringComparer.OrdinalIgnoreCase });

        var results = await FanOutAsync(queue, StopAtFirst(3), async (item, _) =>
        {
            await Task.Yield();
            foreach (var next in new[] { "A", "b", "B", "a", "c" })
            {
                queue.Add(next);
            }

            return item;
        });

        Assert.Equal("abc", string.Concat(results.Order(StringComparer.Ordinal)));
        AssertEnded(queue);
    });

    private static IEnumerable<int> ChildrenOf(int item, int count) =>
        new[] { (2 * item) + 1, (2 * item) + 2 }.Where(child => child < count);

    private static void AssertEnded<T>(FanOutQueue<T> queue)
    {
        Assert.Equal((0, 0), (queue.Count, queue.Pending));
        Assert.Throws<InvalidOperationException>(() => queue.Add(default!));
    }

    private Task<TResult[]> FanOutAsync<T, TResult>(
        FanOutQueue<T> queue,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOutAsync(new QueuedItems<T>(queue), options, operation, cancellationToken).OrHangs();
}
