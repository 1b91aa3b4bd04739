namespace AsyncKit.Tests;

/// <summary>The ring between workers and a reader, one step at a time.</summary>
public sealed class OrderedRingBufferTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task Exactly_Lookahead_items_may_start_beyond_the_readers_place(int lookahead)
    {
        var handOver = new OrderedRingBuffer<string>(lookahead);
        for (var place = 0L; place < 20; place++)
        {
            Assert.True(handOver.MayStart(place + lookahead));
            Assert.False(handOver.MayStart(place + lookahead + 1));
            Assert.True(handOver.UntilMayStartAsync(place + lookahead).AsTask().IsCompletedSuccessfully);
            var next = handOver.UntilMayStartAsync(place + lookahead + 1).AsTask();
            Assert.False(next.IsCompleted);

            handOver.Put(place, "value");
            Assert.True(handOver.TryRead(out var value));
            Assert.Equal("value", value);
            Assert.False(next.IsCompleted); // The place is the reader's until it asks for the next.
            handOver.MoveOn();

            await next.OrHangs();
        }

        var afterNext = handOver.UntilMayStartAsync(20 + lookahead + 2).AsTask();
        handOver.MoveOn();
        Assert.False(afterNext.IsCompleted);
        handOver.MoveOn();
        await afterNext.OrHangs();
    }

    [Fact]
    public async Task The_reader_is_woken_by_its_own_place_and_by_no_other()
    {
        var handOver = new OrderedRingBuffer<int>(3);
        var readable = handOver.UntilReadableAsync().AsTask();

        handOver.Put(1, 10);
        handOver.Put(3, 30);
        Assert.False(readable.IsCompleted);
        handOver.PutGap(0);
        await readable.OrHangs();

        Assert.True(handOver.TryRead(out var value));
        Assert.Equal(10, value);
    }

    [Fact]
    public async Task A_gap_opens_the_window_like_a_value()
    {
        var handOver = new OrderedRingBuffer<int>(0);
        var next = handOver.UntilMayStartAsync(1).AsTask();

        handOver.PutGap(0);
        Assert.False(handOver.TryRead(out _));

        await next.OrHangs();
    }

    [Fact]
    public async Task The_end_and_the_close_wake_whoever_waits_and_who_comes_later_does_not_wait()
    {
        var handOver = new OrderedRingBuffer<int>(0);
        var (readable, next) = (handOver.UntilReadableAsync().AsTask(), handOver.UntilMayStartAsync(1).AsTask());

        handOver.Close();
        await next.OrHangs();
        Assert.False(readable.IsCompleted);
        handOver.End();
        await readable.OrHangs();

        Assert.True(handOver.UntilMayStartAsync(1).AsTask().IsCompletedSuccessfully);
        Assert.True(handOver.UntilReadableAsync().AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task After_the_close_nothing_more_is_pulled()
    {
        var handOver = new OrderedRingBuffer<int>(0);
        var probed = new ProbedSource(9);
        var source = new LookaheadSource<int, int>(new EnumerableSource<int>(probed), handOver);

        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        _ = source.Take(out _);
        handOver.Close();

        Assert.False(await source.MoveNextAsync(CancellationToken.None));
        Assert.Equal(1, probed.Pulled);
    }
}
