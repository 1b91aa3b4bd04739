namespace AsyncKit.Tests;

/// <summary>Single steps of the ring between the workers and the reader of a stream.</summary>
public sealed class OrderedRingBufferTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task Exactly_Lookahead_items_may_start_beyond_the_position_of_the_reader(int lookahead)
    {
        var buffer = new OrderedRingBuffer<string>(lookahead);
        for (var position = 0L; position < 20; position++)
        {
            Assert.True(buffer.MayStart(position + lookahead));
            Assert.False(buffer.MayStart(position + lookahead + 1));
            Assert.True(buffer.UntilMayStartAsync(position + lookahead).AsTask().IsCompletedSuccessfully);
            var next = buffer.UntilMayStartAsync(position + lookahead + 1).AsTask();
            Assert.False(next.IsCompleted);

            buffer.Put(position, "value");
            Assert.True(buffer.TryRead(out var value));
            Assert.Equal("value", value);
            Assert.False(next.IsCompleted); // The reader keeps its position until it requests the next value.
            buffer.Advance();

            await next.OrHangs();
        }

        var afterNext = buffer.UntilMayStartAsync(20 + lookahead + 2).AsTask();
        buffer.Advance();
        Assert.False(afterNext.IsCompleted);
        buffer.Advance();
        await afterNext.OrHangs();
    }

    [Fact]
    public async Task The_reader_is_woken_by_a_put_at_its_position_only()
    {
        var buffer = new OrderedRingBuffer<int>(3);
        var readable = buffer.UntilReadableAsync().AsTask();

        buffer.Put(1, 10);
        buffer.Put(3, 30);
        Assert.False(readable.IsCompleted);
        buffer.PutGap(0);
        await readable.OrHangs();

        Assert.True(buffer.TryRead(out var value));
        Assert.Equal(10, value);
    }

    [Fact]
    public async Task A_gap_advances_the_window_like_a_value()
    {
        var buffer = new OrderedRingBuffer<int>(0);
        var next = buffer.UntilMayStartAsync(1).AsTask();

        buffer.PutGap(0);
        Assert.False(buffer.TryRead(out _));

        await next.OrHangs();
    }

    [Fact]
    public async Task Close_and_End_wake_their_waiter_and_later_waits_complete_at_once()
    {
        var buffer = new OrderedRingBuffer<int>(0);
        var (readable, next) = (buffer.UntilReadableAsync().AsTask(), buffer.UntilMayStartAsync(1).AsTask());

        buffer.Close();
        await next.OrHangs();
        Assert.False(readable.IsCompleted);
        buffer.End();
        await readable.OrHangs();

        Assert.True(buffer.UntilMayStartAsync(1).AsTask().IsCompletedSuccessfully);
        Assert.True(buffer.UntilReadableAsync().AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_closed_window_pulls_nothing_more()
    {
        var buffer = new OrderedRingBuffer<int>(0);
        var probed = new ProbedSource(9);
        var source = new LookaheadSource<int, int>(new EnumerableSource<int>(probed), buffer);

        Assert.True(await source.MoveNextAsync(CancellationToken.None));
        _ = source.Take(out _);
        buffer.Close();

        Assert.False(await source.MoveNextAsync(CancellationToken.None));
        Assert.Equal(1, probed.Pulled);
    }
}
