namespace AsyncKit.Tests;

/// <summary>Calls on the shared lane.</summary>
public sealed class OffloadTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Every_overload_runs_on_a_thread_of_the_shared_lane()
    {
        List<string> names =
        [
            await Offload.RunAsync(Lanes.ThreadName).OrHangs(),
            await Offload.RunAsync(_ => Lanes.ThreadName()).OrHangs(),
            await Offload.RunAsync(Lanes.ThreadName, OnCancel.Abandon).OrHangs(),
            await Offload.RunAsync(_ => Lanes.ThreadName(), OnCancel.Interrupt).OrHangs(),
        ];
        await Offload.RunAsync(Add).OrHangs();
        await Offload.RunAsync(_ => Add()).OrHangs();
        await Offload.RunAsync(Add, OnCancel.Abandon).OrHangs();
        await Offload.RunAsync(_ => Add(), OnCancel.Interrupt).OrHangs();

        Assert.Equal(8, names.Count);
        Assert.All(names, name => Assert.StartsWith("AsyncKit:shared-", name, StringComparison.Ordinal));

        void Add() => names.Add(Lanes.ThreadName());
    }

    [Fact]
    public async Task The_shared_lane_has_at_most_64_threads_and_cannot_be_disposed()
    {
        Assert.Same(BlockingLane.Shared, BlockingLane.Shared);
        Assert.Equal(("shared", 64), (BlockingLane.Shared.Name, BlockingLane.Shared.MaxThreads));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await BlockingLane.Shared.DisposeAsync());
        Assert.Equal(1, await Offload.RunAsync(() => 1).OrHangs());
    }

    [Fact]
    public void The_AppContext_sets_the_limit_of_the_shared_lane()
    {
        Assert.Equal(64, BlockingLane.SharedLimit(null));
        Assert.Equal(7, BlockingLane.SharedLimit(7));
        Assert.Equal(200, BlockingLane.SharedLimit("200"));
        Assert.All<object>(
            ["", "many", "0", "-1", 0, 7L],
            value => Assert.Throws<InvalidOperationException>(() => BlockingLane.SharedLimit(value)));
    }
}
