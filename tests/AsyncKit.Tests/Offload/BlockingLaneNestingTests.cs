namespace AsyncKit.Tests;

#pragma warning disable VSTHRD002 // These tests block on nested work on purpose.

/// <summary>A lane refuses nested calls that would deadlock it.</summary>
public sealed class BlockingLaneNestingTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_nested_call_on_a_lane_of_one_thread_is_refused()
    {
        await using var lane = Lanes.Of(1);

        var work = lane.RunAsync(() => lane.RunAsync(() => 1).GetAwaiter().GetResult());

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => work).OrHangs();
        Assert.Contains("lane 'test'", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
    }

    [Fact]
    public async Task Nested_calls_run_while_a_thread_is_free()
    {
        await using var lane = Lanes.Of(3);

        var depth = await lane.RunAsync(
            () => lane.RunAsync(
                () => lane.RunAsync(
                    () => 3).GetAwaiter().GetResult()).GetAwaiter().GetResult()).OrHangs();

        Assert.Equal(3, depth);
    }

    [Fact]
    public async Task Only_the_nested_call_that_would_block_the_last_thread_is_refused()
    {
        await using var lane = Lanes.Of(3);
        using var gate = new BlockingGate();
        using var refused = new BlockingGate();
        var all = Enumerable.Range(0, 3).Select(_ => lane.RunAsync(() =>
        {
            gate.Pass();
            var nested = lane.RunAsync(() => 1);
            if (nested.IsFaulted)
            {
                refused.Open(); // Until then two calls are queued and none can start.
            }

            refused.Pass();
            return nested.GetAwaiter().GetResult();
        })).ToList();
        await gate.ArrivedAsync(3);
        gate.Open();

        var outcomes = await Task.WhenAll(all.Select(one => Record.ExceptionAsync(() => one.OrHangs())));

        Assert.Equal(2, outcomes.Count(exception => exception is null));
        Assert.IsType<InvalidOperationException>(Assert.Single(outcomes, exception => exception is not null));
    }

    [Fact]
    public async Task A_cancelled_nested_call_does_not_count()
    {
        await using var lane = Lanes.Of(2);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);

        var result = await lane.RunAsync(() =>
        {
            var cancelled = lane.RunAsync(() => 1, source.Token);
            source.Cancel();
            Assert.Throws<TaskCanceledException>(() => cancelled.GetAwaiter().GetResult());
            var nested = lane.RunAsync(() => 2); // Queued until the other thread is free.
            gate.Open();
            return nested.GetAwaiter().GetResult();
        }).OrHangs();

        Assert.Equal(2, result);
        await busy;
    }

    [Fact]
    public async Task An_abandoned_nested_call_does_not_count_while_it_keeps_running()
    {
        await using var lane = Lanes.Of(2);
        using var outerGate = new BlockingGate();
        using var innerGate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var nested = 0;
        var outer = lane.RunAsync(() =>
        {
            var inner = lane.RunAsync(
                () =>
                {
                    innerGate.Pass(CancellationToken.None);
                    var innermost = lane.RunAsync(() => 1); // Queued until the outer work returns.
                    outerGate.Open();
                    nested = innermost.GetAwaiter().GetResult();
                },
                OnCancel.Abandon,
                source.Token);
            Assert.Throws<TaskCanceledException>(() => inner.GetAwaiter().GetResult());
            outerGate.Pass();
        });
        await innerGate.ArrivedAsync(1);
        await source.CancelAsync();
        await outerGate.ArrivedAsync(1);

        innerGate.Open();
        await outer.OrHangs();
        await lane.DisposeAsync().AsTask().OrHangs();

        Assert.Equal(1, nested);
    }

    [Fact]
    public async Task Work_that_calls_its_lane_and_returns_does_not_count()
    {
        await using var lane = Lanes.Of(64);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = lane.RunAsync(() => Next(10_000));
        await done.Task.OrHangs();

        void Next(int left)
        {
            if (left == 0)
            {
                done.SetResult();
            }
            else
            {
                _ = lane.RunAsync(() => Next(left - 1));
            }
        }
    }

    [Fact]
    public async Task A_nested_fan_out_that_could_not_start_is_refused()
    {
        await using var lane = Lanes.Of(1);

        var work = lane.RunAsync(() =>
            new[] { 1, 2, 3 }.FanOutBlockingAsync(lane, (item, _) => item).GetAwaiter().GetResult().Length);

        await Assert.ThrowsAsync<InvalidOperationException>(() => work).OrHangs();
    }

    [Fact]
    public async Task A_nested_enumeration_that_could_not_start_is_refused()
    {
        await using var lane = Lanes.Of(1);

        var work = lane.RunAsync(() => lane.Enumerate(Enumerable.Range(0, 10)).ToBlockingEnumerable().Count());

        await Assert.ThrowsAsync<InvalidOperationException>(() => work).OrHangs();
    }

    [Fact]
    public async Task A_call_on_another_lane_is_not_nested()
    {
        await using var lane = Lanes.Of(1);
        await using var other = Lanes.Of(1);

        Assert.Equal(1, await lane.RunAsync(() => other.RunAsync(() => 1).GetAwaiter().GetResult()).OrHangs());
    }
}
