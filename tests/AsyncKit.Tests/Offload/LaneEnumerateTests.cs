using System.Collections;

namespace AsyncKit.Tests;

/// <summary>Streams over blocking sequences.</summary>
public sealed class LaneEnumerateTests : IClassFixture<NothingLeftBehind>
{
    private const int Ahead = 64;

    [Fact]
    public async Task Items_are_in_order_and_the_enumerator_is_created_moved_and_disposed_on_the_lane()
    {
        await using var lane = Lanes.Of(2);
        var sequence = new Sequence(1_000);

        Assert.Equal(Enumerable.Range(0, 1_000), await ReadAsync(lane.Enumerate(sequence)).OrHangs());

        Assert.Equal(1, sequence.Disposals);
        Assert.All(sequence.Threads, name => Assert.StartsWith("AsyncKit:test-", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_empty_sequence_yields_no_items()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(0);

        Assert.Empty(await ReadAsync(lane.Enumerate(sequence)).OrHangs());

        Assert.Equal(1, sequence.Disposals);
    }

    [Fact]
    public async Task A_stream_starts_when_its_first_item_is_requested_and_each_enumeration_is_separate()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(10);
        var stream = lane.Enumerate(sequence);
        Assert.Equal((0, 0), (sequence.Enumerators, lane.Threads));

        Assert.Equal(10, (await ReadAsync(stream).OrHangs()).Count);
        Assert.Equal(10, (await ReadAsync(stream).OrHangs()).Count);

        Assert.Equal((2, 2), (sequence.Enumerators, sequence.Disposals));
    }

    [Fact]
    public async Task An_item_is_yielded_at_once_even_while_the_sequence_blocks()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var sequence = new Sequence(2) { OnMove = position => { if (position == 1) { gate.Pass(); } } };
        await using var reader = lane.Enumerate(sequence).GetAsyncEnumerator();

        Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
        Assert.Equal(0, reader.Current);
        var next = reader.MoveNextAsync().AsTask();
        await gate.ArrivedAsync(1);
        Assert.False(next.IsCompleted);
        gate.Open();
        Assert.True(await next.OrHangs());
    }

    [Fact]
    public async Task A_slow_reader_stops_the_sequence_at_the_look_ahead_and_holds_no_thread()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(int.MaxValue);
        await using var reader = lane.Enumerate(sequence).GetAsyncEnumerator();

        Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
        await Hang.UntilAsync(() => lane.Active == 0);
        Assert.InRange(sequence.Moves, Ahead, Ahead + 1);
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());

        for (var item = 1; item < 10 * Ahead; item++)
        {
            Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
            Assert.Equal(item, reader.Current);
            Assert.InRange(sequence.Moves, item + 1, item + 1 + Ahead);
        }
    }

    [Fact]
    public async Task A_break_stops_the_sequence_and_disposes_it_on_the_lane()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(int.MaxValue);

        await foreach (var item in lane.Enumerate(sequence))
        {
            if (item == 100)
            {
                break;
            }
        }

        Assert.Equal((1, 0), (sequence.Disposals, lane.Active));
        Assert.All(sequence.Threads, name => Assert.StartsWith("AsyncKit:test-", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Disposing_the_stream_waits_for_a_running_MoveNext()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var sequence = new Sequence(10) { OnMove = position => { if (position == 5) { gate.Pass(); } } };
        var reader = lane.Enumerate(sequence).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
        await gate.ArrivedAsync(1);

        var disposal = reader.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        gate.Open();
        await disposal.OrHangs();

        Assert.Equal((1, 6), (sequence.Disposals, sequence.Moves));
    }

    [Fact]
    public async Task An_exception_of_the_sequence_is_thrown_after_the_items_before_it()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(10) { OnMove = position => { if (position == 5) { throw new FormatException("five"); } } };
        List<int> seen = [];

        var thrown = await Assert.ThrowsAsync<FormatException>(() => ReadAsync(lane.Enumerate(sequence), seen)).OrHangs();

        Assert.Equal("five", thrown.Message);
        Assert.Equal(Enumerable.Range(0, 5), seen);
        Assert.Equal(1, sequence.Disposals);
    }

    [Fact]
    public async Task A_sequence_that_fails_in_GetEnumerator_or_Dispose_fails_the_stream()
    {
        await using var lane = Lanes.Of(1);
        var opening = new Sequence(1) { OnOpen = () => throw new FormatException("opening") };
        var closing = new Sequence(1) { OnDispose = () => throw new FormatException("closing") };

        Assert.Equal("opening", await FailureOfAsync(opening));
        Assert.Equal("closing", await FailureOfAsync(closing));

        async Task<string> FailureOfAsync(Sequence sequence) =>
            (await Assert.ThrowsAsync<FormatException>(() => ReadAsync(lane.Enumerate(sequence))).OrHangs()).Message;
    }

    [Fact]
    public async Task A_failure_after_a_break_is_not_reported()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(1_000) { OnDispose = () => throw new FormatException("closing") };

        await foreach (var _ in lane.Enumerate(sequence))
        {
            break;
        }

        Assert.Equal(1, sequence.Disposals);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_token_stops_the_enumeration_and_disposes_the_sequence(bool atCall)
    {
        await using var lane = Lanes.Of(1);
        using var source = new CancellationTokenSource();
        var sequence = new Sequence(int.MaxValue);
        var stream = atCall
            ? lane.Enumerate(sequence, source.Token)
            : WithToken(lane.Enumerate(sequence), source.Token);
        var read = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in stream)
            {
                if (++read == 10)
                {
                    await source.CancelAsync();
                }
            }
        }).OrHangs();

        Assert.Equal((10, 1), (read, sequence.Disposals));
    }

    [Fact]
    public async Task A_token_cancelled_at_the_start_leaves_the_sequence_untouched()
    {
        await using var lane = Lanes.Of(1);
        var sequence = new Sequence(10);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ReadAsync(lane.Enumerate(sequence, new CancellationToken(canceled: true)))).OrHangs();

        Assert.Equal((0, 0), (sequence.Enumerators, lane.Threads));
    }

    [Fact]
    public async Task Cancelling_a_stream_that_waits_for_a_thread_completes_at_once()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);
        var sequence = new Sequence(10);
        var read = ReadAsync(lane.Enumerate(sequence, source.Token));
        Assert.Equal(1, lane.Queued);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read).OrHangs();

        Assert.Equal((0, 0), (lane.Queued, sequence.Enumerators));
        gate.Open();
        await busy.OrHangs();
    }

    [Fact]
    public async Task Disposal_of_the_lane_fails_the_stream_and_the_sequence_is_disposed()
    {
        var lane = Lanes.Of(1);
        var sequence = new Sequence(int.MaxValue);
        var reader = lane.Enumerate(sequence).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
        await Hang.UntilAsync(() => lane.Active == 0);

        await lane.DisposeAsync().AsTask().OrHangs();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            while (await reader.MoveNextAsync())
            {
            }
        }).OrHangs();
        await reader.DisposeAsync().AsTask().OrHangs();

        Assert.Equal(1, sequence.Disposals);
        Assert.All(sequence.Threads, name => Assert.StartsWith("AsyncKit:test-", name, StringComparison.Ordinal));
        await Hang.UntilAsync(() => lane.Threads == 0);
    }

    [Fact]
    public async Task Disposal_of_the_lane_does_not_cancel_the_queued_cleanup_of_a_stream()
    {
        var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var sequence = new Sequence(int.MaxValue);
        var reader = lane.Enumerate(sequence).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
        await Hang.UntilAsync(() => lane.Active == 0);
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);
        List<Task> cancelled = [lane.RunAsync(() => { })];
        var stopping = reader.DisposeAsync().AsTask(); // Queues the cleanup work.
        await Hang.UntilAsync(() => lane.Queued == 2);
        cancelled.Add(lane.RunAsync(() => { }));

        var disposals = Task.WhenAll(lane.DisposeAsync().AsTask(), lane.DisposeAsync().AsTask());
        Assert.Equal(1, lane.Queued);
        foreach (var task in cancelled)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task).OrHangs();
        }

        gate.Open();
        await Task.WhenAll(stopping, disposals, busy).OrHangs();

        Assert.Equal((1, 0, 0), (sequence.Disposals, lane.Queued, lane.Threads));
        Assert.All(sequence.Threads, name => Assert.StartsWith("AsyncKit:test-", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_lane_that_rejects_fails_the_stream_and_the_sequence_is_disposed()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "test",
            MaxThreads = 1,
            MaxQueued = 0,
            WhenFull = WhenFull.Reject,
        });
        using var gate = new BlockingGate();
        var sequence = new Sequence(int.MaxValue);
        var reader = lane.Enumerate(sequence).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().OrHangs());
        await Hang.UntilAsync(() => lane.Active == 0);
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);

        var reading = Assert.ThrowsAsync<BlockingLaneFullException>(async () =>
        {
            while (await reader.MoveNextAsync())
            {
            }
        }).OrHangs();
        await Hang.UntilAsync(() => lane.Queued == 1); // The cleanup work, which is never refused.
        gate.Open();
        await reading;
        await reader.DisposeAsync().AsTask().OrHangs();

        Assert.Equal(1, sequence.Disposals);
        await busy.OrHangs();
    }

    [Fact]
    public async Task A_fan_out_reads_an_enumeration_like_any_other_stream()
    {
        await using var lane = Lanes.Of(2);

        var doubled = await lane.Enumerate(Enumerable.Range(0, 500))
            .FanOutBlockingAsync(lane, (item, _) => 2 * item).OrHangs();

        Assert.Equal(Enumerable.Range(0, 500).Select(item => 2 * item), doubled);
    }

    private static async Task<List<int>> ReadAsync(IAsyncEnumerable<int> stream, List<int>? into = null)
    {
        into ??= [];
        await foreach (var item in stream)
        {
            into.Add(item);
        }

        return into;
    }

    private static async IAsyncEnumerable<int> WithToken(
        IAsyncEnumerable<int> stream, [EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var item in stream.WithCancellation(token))
        {
            yield return item;
        }
    }

    /// <summary>The numbers from 0 to count - 1. Records the calls of its enumerators.</summary>
    private sealed class Sequence(int count) : IEnumerable<int>
    {
        private readonly HashSet<string> _threads = [];
        private int _moves;

        public Action<int>? OnMove { get; init; }

        public Action? OnOpen { get; init; }

        public Action? OnDispose { get; init; }

        public int Enumerators { get; private set; }

        public int Disposals { get; private set; }

        public int Moves => Volatile.Read(ref _moves);

        public IReadOnlyCollection<string> Threads => _threads;

        public IEnumerator<int> GetEnumerator()
        {
            Enumerators++;
            Note();
            OnOpen?.Invoke();
            return new Enumerator(this, count);
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private void Note() => _threads.Add(Lanes.ThreadName());

        private sealed class Enumerator(Sequence sequence, int count) : IEnumerator<int>
        {
            public int Current { get; private set; } = -1;

            object IEnumerator.Current => Current;

            public bool MoveNext()
            {
                sequence.Note();
                Interlocked.Increment(ref sequence._moves);
                sequence.OnMove?.Invoke(Current + 1);
                return ++Current < count;
            }

            public void Reset() => throw new NotSupportedException();

            public void Dispose()
            {
                sequence.Note();
                sequence.Disposals++;
                sequence.OnDispose?.Invoke();
            }
        }
    }
}
