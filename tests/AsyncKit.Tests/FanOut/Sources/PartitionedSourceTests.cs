namespace AsyncKit.Tests;

/// <summary>What a partition keeps and gives back, seen from inside.</summary>
public sealed class PartitionedSourceTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_key_takes_memory_only_while_it_has_items()
    {
        var source = Over(Enumerable.Range(0, 1_000_000), item => item, maxPerKey: 1, maxParked: 9);

        for (var index = 0L; await source.MoveNextAsync(CancellationToken.None);)
        {
            _ = source.Take(out index);
            Assert.False(source.TryTakeNext(ref index, out _));
            Assert.InRange(source.KeysInUse, 1, 2);
        }
    }

    [Fact]
    public async Task Nothing_is_allocated_for_an_item_once_the_run_is_going()
    {
        var source = Over(Enumerable.Range(0, 100_000), item => item % 3 * item, maxPerKey: 2, maxParked: 99);
        var running = new Queue<long>();
        var before = 0L;

        for (var pulled = 0; await source.MoveNextAsync(CancellationToken.None); pulled++)
        {
            before = pulled == 10_000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            _ = source.Take(out var index);
            running.Enqueue(index);
            while (running.Count > 3)
            {
                index = running.Dequeue();
                if (source.TryTakeNext(ref index, out _))
                {
                    running.Enqueue(index);
                    break;
                }
            }
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    [Fact]
    public async Task Whoever_ends_an_item_gets_the_first_that_is_parked_behind_it()
    {
        var source = Over([0, 2, 4, 1, 6], item => item % 2, maxPerKey: 1, maxParked: 9);
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        Assert.Equal(0, source.Take(out var first));
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        Assert.Equal(1, source.Take(out var other)); // 2 and 4 are parked.
        Assert.Equal((0, 3), (first, other));

        Assert.True(source.TryTakeNext(ref first, out var second));
        Assert.Equal((2, 1), (second, first));
        Assert.False(source.TryTakeNext(ref other, out _));
        Assert.True(source.TryTakeNext(ref first, out var third));
        Assert.Equal((4, 2), (third, first));
        Assert.False(source.TryTakeNext(ref first, out _));
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        Assert.Equal(6, source.Take(out var last));
        Assert.Equal(4, last);
        Assert.False(await source.MoveNextAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Full_of_parked_items_it_waits_until_one_is_taken_or_it_is_stopped()
    {
        var mustStop = false;
        var probed = new ProbedSource(9);
        var source = Over(probed, _ => 0, maxPerKey: 1, maxParked: 2, () => mustStop);
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        _ = source.Take(out var index);

        var next = source.MoveNextAsync(CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);
        Assert.Equal(3, source.Pulled);
        Assert.True(source.TryTakeNext(ref index, out _));
        await Hang.UntilAsync(() => source.Pulled == 4);
        Assert.False(next.IsCompleted);
        mustStop = true;
        source.Stop();

        Assert.False(await next.OrHangs());
        Assert.Equal([2, 3], source.NotStarted.Select(one => one.Item));
        Assert.Equal(4, probed.Pulled);
    }

    [Fact]
    public async Task Stopped_before_it_waits_for_room_it_does_not_wait()
    {
        var mustStop = false;
        var source = Over([0, 1, 2], _ => 0, maxPerKey: 1, maxParked: 1, () => mustStop);
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        _ = source.Take(out _);
        var full = source.MoveNextAsync(CancellationToken.None).AsTask();
        Assert.False(full.IsCompleted);
        mustStop = true;
        source.Stop();
        Assert.False(await full.OrHangs());

        Assert.False(await source.MoveNextAsync(CancellationToken.None).AsTask().OrHangs());
        Assert.Equal(2, source.Pulled);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_becomes_idle_while_another_of_its_items_is_looked_at_is_still_the_same(bool endsAgain)
    {
        PartitionedSource<int, int>? source = null;
        source = Over([0, 1, 2], item => item == 1 ? End(0) : 0, maxPerKey: 1, maxParked: 9);
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        _ = source.Take(out _);
        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        Assert.Equal(1, source.Take(out _));
        if (endsAgain)
        {
            End(1);
        }

        Assert.Equal(endsAgain, await source.MoveNextAsync(CancellationToken.None)); // Else it is parked.
        Assert.Equal([2], source.NotStarted.Select(one => one.Item));
        Assert.Equal(1, source.KeysInUse);

        int End(long index)
        {
            Assert.False(source!.TryTakeNext(ref index, out _));
            return 0;
        }
    }

    [Fact]
    public async Task Half_a_million_items_of_one_key_in_turn_cost_no_memory()
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
    public async Task A_key_that_changes_meanwhile_blocks_nothing()
    {
        var source = Over([0, 1, 2], item => new Changing { Hash = item }, maxPerKey: 1, maxParked: 9);
        for (var index = 0L; await source.MoveNextAsync(CancellationToken.None);)
        {
            _ = source.Take(out index);
            Changing.Offset++;
            Assert.False(source.TryTakeNext(ref index, out _));
        }

        Assert.Equal(3, source.Pulled);
    }

    private static PartitionedSource<int, TKey> Over<TKey>(
        IEnumerable<int> items, Func<int, TKey> key, int maxPerKey, int maxParked, Func<bool>? mustStop = null)
        where TKey : notnull =>
        new(new EnumerableSource<int>(items), key, null, maxPerKey, maxParked, mustStop ?? (() => false));

    private sealed class Changing
    {
        public static int Offset { get; set; }

        public int Hash { get; init; }

        public override int GetHashCode() => Hash + Offset;
    }
}
