namespace AsyncKit.Tests;

/// <summary>The guarantees of a fan-out about a pending MoveNextAsync.</summary>
public abstract class AsyncPulledFanOutContract(World world, NothingLeftBehind leaks)
    : PulledFanOutTests(PulledSubject.AsyncEnumerable, world, leaks)
{
    [Fact]
    public Task A_source_that_stops_with_the_callers_cancellation_is_not_a_failure() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var waiting = new TestGate();
        var source = new ProbedSource(3) { OnMoveNextAsync = (_, token) => waiting.PassAsync(token) };
        var run = source.AsAsync().FanOutAsync(1, (item, _) => new ValueTask<int>(item), cts.Token);
        await waiting.ArrivedAsync(1);
        await World.CancelAsync(cts);

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Null(cancelled.InnerException);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_source_that_stops_before_the_run_observes_the_cancellation_does_not_succeed() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (entered, continued) = (new TestGate(), new TaskCompletionSource());
        var source = new ProbedSource(3)
        {
            OnMoveNextAsync = (_, _) =>
            {
                entered.Arrive();
                return continued.Task;
            },
        };
        var run = source.AsAsync().FanOutAsync(1, (item, _) => new ValueTask<int>(item), cts.Token);
        await entered.ArrivedAsync(1);
        cts.Token.Register(() => throw new NotSupportedException()); // Keeps the callback of the run from running.
        cts.Token.Register(() => continued.TrySetCanceled(cts.Token));
        Assert.Throws<NotSupportedException>(() => cts.Cancel(throwOnFirstException: true));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task The_source_is_not_disposed_while_a_MoveNextAsync_is_pending_and_it_is_cancelled() => RunAsync(async () =>
    {
        var pending = new TestGate();
        var source = new ProbedSource(30)
        {
            OnMoveNextAsync = (pulled, token) => pulled < 3 ? Task.CompletedTask : pending.PassAsync(token),
        };

        var run = source.AsAsync().FanOutAsync(5, async (item, token) =>
        {
            await pending.ArrivedAsync(1);
            return item == 1 ? throw new InvalidOperationException() : item;
        });

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.OrHangs());

        Assert.Equal(1, pending.Arrivals);
        Assert.Equal(1, source.Disposed);
        Assert.False(source.DisposedWhileMoving);
    });

    [Fact]
    public Task A_pending_MoveNextAsync_occupies_no_thread_and_results_continue() => RunAsync(async () =>
    {
        var (pending, operations) = (new TestGate(), new TestGate());
        var source = new ProbedSource(20)
        {
            OnMoveNextAsync = (pulled, token) => pulled == 8 ? pending.PassAsync(token) : Task.CompletedTask,
        };

        var run = source.AsAsync().FanOutAsync(4, async (item, token) =>
        {
            await operations.PassAsync(token);
            return item;
        });
        await operations.ArrivedAsync(4);
        operations.Open();
        await pending.ArrivedAsync(1);
        await operations.ArrivedAsync(8);
        pending.Open();

        Assert.Equal(Enumerable.Range(0, 20), await run.OrHangs());
    });
}
