namespace AsyncKit.Tests;

#pragma warning disable VSTHRD002 // Work that waits for other work on its thread is what is tested.

/// <summary>Work that would wait for its own lane for ever is refused.</summary>
public sealed class BlockingLaneNestingTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Work_that_waits_for_work_on_its_own_lane_of_one_is_refused()
    {
        await using var lane = Lanes.Of(1);

        var work = lane.RunAsync(() => lane.RunAsync(() => 1).GetAwaiter().GetResult());

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => work).OrHangs();
        Assert.Contains("lane 'test'", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
    }

    [Fact]
    public async Task While_a_thread_can_go_on_nested_work_runs()
    {
        await using var lane = Lanes.Of(3);

        var depth = await lane.RunAsync(
            () => lane.RunAsync(
                () => lane.RunAsync(
                    () => 3).GetAwaiter().GetResult()).GetAwaiter().GetResult()).OrHangs();

        Assert.Equal(3, depth);
    }

    [Fact]
    public async Task The_one_that_would_block_the_last_thread_is_refused_and_the_others_go_on()
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
                refused.Open(); // So two wait in the queue before the first of them can begin.
            }

            refused.Pass();
            return nested.GetAwaiter().GetResult();
        })).ToList();
        await gate.ArrivedAsync(3);
        gate.Open();

        var ended = await Task.WhenAll(all.Select(one => Record.ExceptionAsync(() => one.OrHangs())));

        Assert.Equal(2, ended.Count(exception => exception is null));
        Assert.IsType<InvalidOperationException>(Assert.Single(ended, exception => exception is not null));
    }

    [Fact]
    public async Task Nested_work_that_nobody_waits_for_any_more_does_not_count()
    {
        await using var lane = Lanes.Of(2);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);

        var result = await lane.RunAsync(() =>
        {
            var left = lane.RunAsync(() => 1, source.Token);
            source.Cancel();
            Assert.Throws<TaskCanceledException>(() => left.GetAwaiter().GetResult());
            var nested = lane.RunAsync(() => 2); // Waits in the queue until the other thread is free.
            gate.Open();
            return nested.GetAwaiter().GetResult();
        }).OrHangs();

        Assert.Equal(2, result);
        await busy;
    }

    [Fact]
    public async Task Nested_work_that_was_abandoned_does_not_count_while_it_runs_on()
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
                    var innermost = lane.RunAsync(() => 1); // Waits in the queue until the outer one has ended.
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
    public async Task Work_that_calls_its_lane_and_ends_does_not_count()
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
    public async Task A_fan_out_on_the_same_lane_is_refused_when_nothing_of_it_could_begin()
    {
        await using var lane = Lanes.Of(1);

        var work = lane.RunAsync(() =>
            new[] { 1, 2, 3 }.FanOutBlockingAsync(lane, (item, _) => item).GetAwaiter().GetResult().Length);

        await Assert.ThrowsAsync<InvalidOperationException>(() => work).OrHangs();
    }

    [Fact]
    public async Task An_enumeration_on_the_same_lane_is_refused_when_nothing_of_it_could_begin()
    {
        await using var lane = Lanes.Of(1);

        var work = lane.RunAsync(() => lane.Enumerate(Enumerable.Range(0, 10)).ToBlockingEnumerable().Count());

        await Assert.ThrowsAsync<InvalidOperationException>(() => work).OrHangs();
    }

    [Fact]
    public async Task Another_lane_is_another_matter()
    {
        await using var lane = Lanes.Of(1);
        await using var other = Lanes.Of(1);

        Assert.Equal(1, await lane.RunAsync(() => other.RunAsync(() => 1).GetAwaiter().GetResult()).OrHangs());
    }
}
