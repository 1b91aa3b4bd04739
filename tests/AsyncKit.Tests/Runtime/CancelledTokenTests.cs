namespace AsyncKit.Tests;

/// <summary>A token that is cancelled at the call starts and acquires nothing, as in .NET. It ends waits only: a result
/// that exists is returned.</summary>
public sealed class CancelledTokenTests : IClassFixture<NothingLeftBehind>
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    [Fact]
    public async Task Nothing_is_acquired_even_if_it_is_free()
    {
        var (asyncLock, keyed, gate) = (new AsyncLock(), new KeyedLock<int>(), new ConcurrencyGate(1));
        await using var pool = new AsyncPool<object>(new() { MaxSize = 1, Create = _ => new(new object()) });

        await AssertCancelledAsync(() => asyncLock.AcquireAsync(Cancelled).AsTask());
        await AssertCancelledAsync(() => keyed.AcquireAsync(1, Cancelled).AsTask());
        await AssertCancelledAsync(() => gate.AcquireAsync(Cancelled).AsTask());
        await AssertCancelledAsync(() => pool.RentAsync(Cancelled).AsTask());

        Assert.Equal((false, 0, 0, 0), (asyncLock.IsHeld, keyed.Count, gate.Active, pool.Alive));
    }

    [Fact]
    public async Task Nothing_is_started()
    {
        var calls = 0;
        await using var lane = Lanes.Of(1);
        await using var scope = TaskScope.Open(null, Cancelled);

        await AssertCancelledAsync(() => Retry.RunAsync(CallAsync, null, Cancelled).AsTask());
        await AssertCancelledAsync(() => Deadline.RunAsync(CallAsync, TimeSpan.FromSeconds(1), Cancelled).AsTask());
        await AssertCancelledAsync(() => AsyncScope.RunAsync((_, token) => CallAsync(token), null, Cancelled));
        await AssertCancelledAsync(() => new AsyncLazy<int>(CallAsync).GetAsync(Cancelled).AsTask());
        await AssertCancelledAsync(() => lane.RunAsync(() => calls++, OnCancel.Wait, Cancelled));
        await AssertCancelledAsync(() => scope.Run(CallAsync));
        await AssertCancelledAsync(() => new int[1].FanOutAsync(1, (_, token) => CallAsync(token), Cancelled));

        Assert.Equal(0, calls);

        Task<int> CallAsync(CancellationToken token) => Task.FromResult(calls++);
    }

    [Fact]
    public async Task A_result_that_exists_is_returned()
    {
        await using var lazy = new AsyncLazy<int>(_ => Task.FromResult(3));
        await lazy.GetAsync();

        Assert.Equal(3, await lazy.GetAsync(Cancelled));
        Assert.Equal(4, await Task.FromResult(4).WithTimeoutAsync(TimeSpan.FromSeconds(1), Cancelled));
        await Task.CompletedTask.WithTimeoutAsync(TimeSpan.FromSeconds(1), Cancelled);
        await new ConcurrencyGate(1).WhenIdleAsync(Cancelled);
    }

    private static async Task AssertCancelledAsync(Func<Task> call)
    {
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call().OrHangs());
        Assert.Equal(Cancelled, thrown.CancellationToken);
    }
}
