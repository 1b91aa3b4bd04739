namespace AsyncKit.Tests;

/// <summary>Work that returns a task is refused, and arguments are checked at the call.</summary>
public sealed class BlockingLaneRefusalTests : IClassFixture<NothingLeftBehind>
{
    private static readonly int[] Items = [1];

    [Fact]
    public async Task Every_entry_point_refuses_an_async_lambda_at_the_call()
    {
        await using var lane = Lanes.Of(1);
        var stream = Items.ToAsyncEnumerable();
        var options = new FanOutOptions { MaxConcurrency = 1 };

        AssertRefused(
            () => lane.RunAsync(async () => { await Task.Yield(); }),
            () => lane.RunAsync(async () => { await Task.Yield(); }, OnCancel.Abandon),
            () => lane.RunAsync(async token => { await Task.Delay(1, token); }),
            () => lane.RunAsync(async token => { await Task.Delay(1, token); }, OnCancel.Interrupt),
            () => Offload.RunAsync(async () => { await Task.Yield(); }),
            () => Offload.RunAsync(async () => { await Task.Yield(); }, OnCancel.Abandon),
            () => Offload.RunAsync(async token => { await Task.Delay(1, token); }),
            () => Offload.RunAsync(async token => { await Task.Delay(1, token); }, OnCancel.Interrupt),
            () => Items.FanOutBlockingAsync(lane, async (item, token) => { await Task.Delay(item, token); }),
            () => Items.FanOutBlockingAsync(lane, options, async (item, token) => { await Task.Delay(item, token); }),
            () => Items.FanOutBlockingAsync(2, async (item, token) => { await Task.Delay(item, token); }),
            () => stream.FanOutBlockingAsync(lane, async (item, token) => { await Task.Delay(item, token); }),
            () => stream.FanOutBlockingAsync(lane, options, async (item, token) => { await Task.Delay(item, token); }),
            () => stream.FanOutBlockingAsync(2, async (item, token) => { await Task.Delay(item, token); }));
        Assert.Equal(0, lane.Threads);
    }

    [Fact]
    public async Task Every_kind_of_task_is_refused_at_the_call()
    {
        await using var lane = Lanes.Of(1);

        AssertRefused(
            () => lane.RunAsync(NothingAsync),
            () => lane.RunAsync(OneAsync),
            () => lane.RunAsync(async () => await OneAsync()),
            () => lane.RunAsync(() => new ValueTask()),
            () => lane.RunAsync(() => new ValueTask<int>(1)),
            () => Items.FanOutBlockingAsync(lane, (_, _) => OneAsync()),
            () => Items.FanOutBlockingAsync(lane, (_, _) => new ValueTask()));

        static async Task NothingAsync() => await Task.Yield();

        static Task<int> OneAsync() => Task.FromResult(1);
    }

    [Fact]
    public async Task A_task_returned_as_an_object_fails_the_call_and_its_exception_is_observed()
    {
        await using var lane = Lanes.Of(1);

        foreach (var call in (Func<Task>[])
        [
            () => lane.RunAsync<object>(() => Task.FromException(new FormatException("lost"))),
            () => lane.RunAsync<object>(_ => new ValueTask<int>(1), OnCancel.Abandon),
            () => Offload.RunAsync<object>(() => Task.CompletedTask),
            () => Items.FanOutBlockingAsync<int, object>(lane, (_, _) => Task.CompletedTask),
            () => Items.FanOutBlockingAsync<int, object>(2, (_, _) => Task.CompletedTask),
        ])
        {
            AssertSaysWhy(await Assert.ThrowsAsync<ArgumentException>(call).OrHangs());
        }

        Assert.Equal("no task", await lane.RunAsync<object>(() => "no task").OrHangs());
    }

    [Fact]
    public async Task Arguments_are_checked_at_the_call()
    {
        await using var lane = Lanes.Of(1);

        Assert.Equal("options", Assert.Throws<ArgumentNullException>(() => new BlockingLane(null!)).ParamName);
        AssertNull("work", () => lane.RunAsync((Func<int>)null!));
        AssertNull("work", () => lane.RunAsync((Func<CancellationToken, int>)null!));
        AssertNull("work", () => lane.RunAsync((Action)null!));
        AssertNull("work", () => lane.RunAsync((Action<CancellationToken>)null!));
        AssertNull("work", () => Offload.RunAsync((Action)null!));
        AssertNull("blockingSequence", () => lane.Enumerate<int>(null!));
        AssertNull("source", () => ((int[])null!).FanOutBlockingAsync(lane, (_, _) => 1));
        AssertNull("lane", () => Items.FanOutBlockingAsync((BlockingLane)null!, (_, _) => 1));
        AssertNull("work", () => Items.FanOutBlockingAsync(lane, (Func<int, CancellationToken, int>)null!));
        AssertNull("work", () => Items.FanOutBlockingAsync(lane, (Action<int, CancellationToken>)null!));
        AssertNull("options", () => Items.FanOutBlockingAsync(lane, null!, (_, _) => 1));
        Assert.Equal(
            "onCancel",
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = lane.RunAsync(() => 1, (OnCancel)3); }).ParamName);
        Assert.Equal(
            "maxThreads",
            Assert.Throws<ArgumentOutOfRangeException>(() => { _ = Items.FanOutBlockingAsync(0, (_, _) => 1); }).ParamName);
    }

    private static void AssertRefused(params Func<Task>[] calls) =>
        Assert.All(calls, call => AssertSaysWhy(Assert.Throws<ArgumentException>(() => { _ = call(); })));

    private static void AssertSaysWhy(ArgumentException thrown)
    {
        Assert.Equal("work", thrown.ParamName);
        Assert.StartsWith("work must not return a task; its result is a ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("await an async operation directly, or pass it to FanOutAsync", thrown.Message, StringComparison.Ordinal);
    }

    private static void AssertNull(string parameter, Func<object> call) =>
        Assert.Equal(parameter, Assert.Throws<ArgumentNullException>(() => { _ = call(); }).ParamName);
}
