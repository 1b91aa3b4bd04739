using System.Collections.Concurrent;

namespace AsyncKit.Tests;

/// <summary>The queue itself, its enumeration without a fan-out, and its readers in streams.</summary>
public sealed class FanOutQueueTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task The_queue_counts_waiting_and_pending_items()
    {
        var (queue, gate) = (new FanOutQueue<int>([0, 1, 2]), new TestGate());
        Assert.Equal((3, 0), (queue.Count, queue.Pending));

        var run = queue.FanOutAsync(2, async (_, token) => await gate.PassAsync(token));
        await gate.ArrivedAsync(2);

        Assert.Equal((1, 2), (queue.Count, queue.Pending));
        gate.Open();
        await run.OrHangs();
        Assert.Equal((0, 0), (queue.Count, queue.Pending));
    }

    [Fact]
    public void An_item_that_was_added_before_is_ignored_only_with_a_comparer()
    {
        var all = new FanOutQueue<int>([1, 1]);
        Assert.True(all.Add(1));
        Assert.Equal(3, all.Count);

        var distinct = new FanOutQueue<int>([1, 1], new() { Distinct = EqualityComparer<int>.Default });
        Assert.False(distinct.Add(1));
        Assert.True(distinct.Add(2));
        Assert.Equal(2, distinct.Count);
    }

    [Fact]
    public async Task A_comparer_that_throws_leaves_the_queue_unchanged()
    {
        var queue = new FanOutQueue<int>(options: new()
        {
            Distinct = EqualityComparer<int>.Create((x, y) => x == y, item => item < 0 ? throw new FormatException() : item),
        });

        Assert.Throws<FormatException>(() => queue.Add(-1));
        queue.Add(1);

        int[] results = await queue.FanOutAsync(2, (item, _) => new ValueTask<int>(item)).OrHangs();
        Assert.Equal([1], results);
    }

    [Fact]
    public async Task An_item_of_a_loop_ends_when_the_loop_requests_the_next()
    {
        var (queue, seen) = (new FanOutQueue<int>([0]), new List<int>());

        await foreach (var item in queue)
        {
            Assert.Equal(1, queue.Pending);
            seen.Add(item);
            if (item < 3)
            {
                queue.Add(item + 1);
            }
        }

        Assert.Equal([0, 1, 2, 3], seen);
        Assert.Throws<InvalidOperationException>(() => queue.Add(4));
    }

    [Fact]
    public async Task A_loop_that_ends_early_leaves_the_rest_in_the_queue()
    {
        var queue = new FanOutQueue<int>([0, 1, 2]);
        await foreach (var item in queue)
        {
            Assert.Equal(0, item);
            Assert.Throws<InvalidOperationException>(() => queue.GetAsyncEnumerator());
            break;
        }

        Assert.Equal((2, 0), (queue.Count, queue.Pending));
        queue.Add(3);

        int[] rest = await queue.FanOutAsync(2, (item, _) => new ValueTask<int>(item)).OrHangs();
        Assert.Equal([1, 2, 3], rest);
    }

    [Fact]
    public async Task A_caller_that_does_not_read_an_item_has_taken_it()
    {
        var queue = new FanOutQueue<int>([0, 1]);
        var items = queue.GetAsyncEnumerator();

        Assert.True(await items.MoveNextAsync());
        Assert.True(await items.MoveNextAsync());
        Assert.Equal((1, 1), (items.Current, items.Current));
        Assert.False(await items.MoveNextAsync());
        await items.DisposeAsync();
        Assert.False(await items.MoveNextAsync());
    }

    [Fact]
    public async Task A_cancelled_loop_throws_and_takes_no_item()
    {
        var queue = new FanOutQueue<int>([0]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var item in queue.WithCancellation(new CancellationToken(canceled: true)))
            {
                Assert.Fail($"{item} was taken.");
            }
        });

        Assert.Equal(1, queue.Count);
    }

    [Fact]
    public async Task An_operation_behind_an_operator_cannot_add_and_fails()
    {
        var queue = new FanOutQueue<int>([0]);

        var run = queue.Where(item => item >= 0).FanOutAsync(2, async (item, _) =>
        {
            await Hang.UntilAsync(() => queue.Pending == 0); // The second worker requested the next item.
            queue.Add(item + 1);
        });

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.OrHangs());
    }

    [Fact]
    public async Task A_queue_of_a_derived_type_ends_by_itself()
    {
        var queue = new FanOutQueue<string>(["a"]);

        object[] results = await queue.FanOutAsync(2, async (object item, CancellationToken _) =>
        {
            await Task.Yield();
            if (item is "a")
            {
                queue.Add("b");
            }

            return item;
        }).OrHangs();

        Assert.Equal(["a", "b"], results);
    }

    [Theory]
    [InlineData(FanOutOrder.Source, 0)]
    [InlineData(FanOutOrder.Source, 5)]
    [InlineData(FanOutOrder.Completion, 0)]
    [InlineData(FanOutOrder.Completion, 5)]
    public async Task The_reader_of_a_stream_can_add_items(FanOutOrder order, int lookahead)
    {
        var (queue, read) = (new FanOutQueue<int>([0]), new List<int>());
        var options = new FanOutOptions { MaxConcurrency = 4, Order = order, Lookahead = lookahead };

        await foreach (var item in queue.FanOutStream(options, DoubleAsync))
        {
            read.Add(item / 2);
            if (item / 2 < 30)
            {
                await Task.Yield();
                queue.Add((item / 2) + 1);
            }
        }

        Assert.Equal(Enumerable.Range(0, 31), read);
        Assert.Throws<InvalidOperationException>(() => queue.Add(0));

        static async ValueTask<int> DoubleAsync(int item, CancellationToken token)
        {
            await Task.Yield();
            return item * 2;
        }
    }

    [Fact]
    public async Task A_reader_that_leaves_stops_after_that_many_items_and_leaves_the_rest()
    {
        var (queue, read, added) = (new FanOutQueue<int>([0]), new List<int>(), new List<int> { 0 });

        await foreach (var item in queue.FanOutStream(4, AddTwoAsync))
        {
            read.Add(item);
            if (read.Count == 10)
            {
                break;
            }
        }

        Assert.Equal(added.Take(10), read);
        Assert.Equal(0, queue.Pending);
        Assert.True(queue.Count > 0);
        queue.Add(-1); // The queue has not ended.

        async ValueTask<int> AddTwoAsync(int item, CancellationToken token)
        {
            await Task.Yield();
            lock (added)
            {
                queue.Add((2 * item) + 1);
                queue.Add((2 * item) + 2);
                added.AddRange([(2 * item) + 1, (2 * item) + 2]);
            }

            return item;
        }
    }

    [Fact]
    public async Task Adding_an_item_does_not_run_its_operation_on_the_adding_thread()
    {
        var (queue, threads) = (new FanOutQueue<int>([0]), new ConcurrentBag<int>());
        var (gate, added) = (new TestGate(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var run = queue.FanOutAsync(2, async (item, token) =>
        {
            if (item > 0)
            {
                threads.Add(Environment.CurrentManagedThreadId);
                added.TrySetResult();
                return;
            }

            await gate.PassAsync(token);
        });
        await gate.ArrivedAsync(1);

        var adding = new Thread(() => queue.Add(1));
        adding.Start();
        adding.Join();
        await added.Task.OrHangs();
        gate.Open();
        await run.OrHangs();

        Assert.DoesNotContain(adding.ManagedThreadId, threads);
    }

    [Fact]
    public async Task A_million_nodes_need_memory_for_the_frontier_only()
    {
        const int Nodes = 1_000_000;
        const int Frontier = 1_000;
        var queue = new FanOutQueue<int>(Enumerable.Range(0, Frontier));
        var (runs, before, peak) = (0, 0L, 0L);

        await queue.FanOutAsync(8, (node, _) =>
        {
            var run = Interlocked.Increment(ref runs);
            if (run % 250_000 == 1_000)
            {
                var live = GC.GetTotalMemory(forceFullCollection: true);
                before = before == 0 ? live : before;
                peak = Math.Max(peak, live);
            }

            if (node + Frontier < Nodes)
            {
                queue.Add(node + Frontier);
            }

            return default(ValueTask);
        }).OrHangs();

        Assert.Equal(Nodes, runs);
        Assert.InRange(peak - before, long.MinValue, 1 << 20);
    }
}
