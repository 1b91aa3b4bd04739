namespace AsyncKit.Tests;

/// <summary>The scheduler of a partition, driven by one holder of the enumerator lock.</summary>
public sealed class KeySchedulerTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_key_takes_memory_only_while_it_has_items()
    {
        var scheduler = new KeyScheduler<int, int>(item => item, null, maxPerKey: 1, maxParked: 9);
        var source = Pull(Enumerable.Range(0, 1_000_000));

        while (await NextAsync(source, scheduler) is { } index)
        {
            Assert.False(scheduler.TryTakeNext(ref index, out _));
            Assert.InRange(scheduler.KeysInUse, 1, 2);
        }
    }

    [Fact]
    public async Task An_item_allocates_nothing_in_steady_state()
    {
        var scheduler = new KeyScheduler<int, int>(item => item % 3 * item, null, maxPerKey: 2, maxParked: 99);
        var source = Pull(Enumerable.Range(0, 100_000));
        var running = new Queue<long>();
        var before = 0L;

        for (var pulled = 0; await source.MoveNextAsync(CancellationToken.None); pulled++)
        {
            before = pulled == 10_000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            var item = source.Take(out var started);
            if (scheduler.TryStart(started, item))
            {
                running.Enqueue(started);
            }

            while (running.Count > 3)
            {
                var index = running.Dequeue();
                if (scheduler.TryTakeNext(ref index, out _))
                {
                    running.Enqueue(index);
                    break;
                }
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    [Fact]
    public async Task A_worker_that_completes_an_item_gets_the_first_parked_item_of_its_key()
    {
        var scheduler = new KeyScheduler<int, int>(item => item % 2, null, maxPerKey: 1, maxParked: 9);
        var source = Pull([0, 2, 4, 1, 6]);
        var first = await NextAsync(source, scheduler) ?? -1;
        var other = await NextAsync(source, scheduler) ?? -1; // 2 and 4 are parked.
        Assert.Equal((0, 3), (first, other));

        Assert.True(scheduler.TryTakeNext(ref first, out var second));
        Assert.Equal((2, 1), (second, first));
        Assert.False(scheduler.TryTakeNext(ref other, out _));
        Assert.True(scheduler.TryTakeNext(ref first, out var third));
        Assert.Equal((4, 2), (third, first));
        Assert.False(scheduler.TryTakeNext(ref first, out _));
        Assert.Equal(4, await NextAsync(source, scheduler));
        Assert.Null(await NextAsync(source, scheduler));
    }

    [Fact]
    public async Task A_holder_without_room_waits_until_a_parked_item_is_taken_or_the_run_stops()
    {
        var scheduler = new KeyScheduler<int, int>(_ => 0, null, maxPerKey: 1, maxParked: 2);
        Assert.True(scheduler.TryStart(0, 0));
        Assert.False(scheduler.TryStart(1, 1) || scheduler.TryStart(2, 2));
        Assert.False(scheduler.HasRoom);
        var (room, index) = (scheduler.UntilRoomAsync().AsTask(), 0L);
        Assert.False(room.IsCompleted);

        Assert.True(scheduler.TryTakeNext(ref index, out _));
        await room.OrHangs();
        Assert.False(scheduler.TryStart(3, 3));
        room = scheduler.UntilRoomAsync().AsTask();
        Assert.False(room.IsCompleted);
        scheduler.Stop();

        await room.OrHangs();
        Assert.Equal([2, 3], scheduler.NotStarted.Select(one => one.Item));
        await scheduler.UntilRoomAsync().AsTask().OrHangs(); // A wait after the stop.
    }

    [Fact]
    public void An_item_whose_key_function_stops_the_run_does_not_start()
    {
        KeyScheduler<int, int>? scheduler = null;
        scheduler = new(
            item =>
            {
                scheduler!.Stop();
                return item;
            },
            null,
            maxPerKey: 1,
            maxParked: 9);

        Assert.False(scheduler.TryStart(0, 7));

        Assert.Equal([(0L, 7)], scheduler.NotStarted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_key_that_becomes_idle_inside_the_key_function_keeps_its_queue(bool endsAgain)
    {
        KeyScheduler<int, int>? scheduler = null;
        scheduler = new(item => item == 1 ? End(0) : 0, null, maxPerKey: 1, maxParked: 9);
        Assert.True(scheduler.TryStart(0, 0));
        Assert.True(scheduler.TryStart(1, 1));
        if (endsAgain)
        {
            End(1);
        }

        Assert.Equal(endsAgain, scheduler.TryStart(2, 2));
        Assert.Equal(endsAgain ? [] : [2], scheduler.NotStarted.Select(one => one.Item));
        Assert.Equal(1, scheduler.KeysInUse);

        int End(long index)
        {
            Assert.False(scheduler!.TryTakeNext(ref index, out _));
            return 0;
        }
    }

    [Fact]
    public async Task Half_a_million_items_of_one_key_cost_no_memory()
    {
        var (ended, peak, before) = (0, 0L, 0L);
        var options = new FanOutOptions { MaxConcurrency = 3, Partition = FanOutPartition.By((int _) => 0, 1) };

        await Numbers().FanOutAsync(options, (item, _) =>
        {
            if (++ended % 100_000 == 0)
            {
                var live = GC.GetTotalMemory(forceFullCollection: true);
                before = before == 0 ? live : before;
                peak = Math.Max(peak, live);
            }

            return default(ValueTask);
        }).OrHangs();

        Assert.InRange(peak - before, long.MinValue, 1 << 20);

        static async IAsyncEnumerable<int> Numbers()
        {
            for (var item = 0; item < 500_000; item++)
            {
                if (item % 100 == 0)
                {
                    await Task.Yield();
                }

                yield return item;
            }
        }
    }

    [Fact]
    public void A_key_that_is_mutated_blocks_no_item()
    {
        var scheduler = new KeyScheduler<int, Mutable>(
            item => new Mutable { Hash = item }, null, maxPerKey: 1, maxParked: 9);

        for (var item = 0; item < 3; item++)
        {
            var index = (long)item;
            Assert.True(scheduler.TryStart(index, item));
            Mutable.Offset++;
            Assert.False(scheduler.TryTakeNext(ref index, out _));
        }
    }

    private static EnumerableSource<int> Pull(IEnumerable<int> items) => new(items);

    /// <summary>Pulls as a worker does, until an item may start.</summary>
    /// <returns>The index of the item; null at the end of the source.</returns>
    private static async ValueTask<long?> NextAsync<TKey>(PulledSource<int> source, KeyScheduler<int, TKey> scheduler)
        where TKey : notnull
    {
        while (await source.MoveNextAsync(CancellationToken.None))
        {
            var item = source.Take(out var index);
            if (scheduler.TryStart(index, item))
            {
                return index;
            }
        }

        return null;
    }

    private sealed class Mutable
    {
        public static int Offset { get; set; }

        public int Hash { get; init; }

        public override int GetHashCode() => Hash + Offset;
    }
}
