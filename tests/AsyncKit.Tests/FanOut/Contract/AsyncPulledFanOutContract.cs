namespace AsyncKit.Tests;

/// <summary>What a fan-out guarantees about an enumerator that is waited for.</summary>
public abstract class AsyncPulledFanOutContract(World world, NothingLeftBehind leaks)
    : PulledFanOutTests(PulledSubject.AsyncEnumerable, world, leaks)
{
    [Fact]
    public Task A_source_that_stops_with_the_callers_cancellation_is_no_failure() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var waiting = new Gate();
        var source = new ProbedSource(3) { OnMoveNextAsync = (_, token) => waiting.PassAsync(token) };
        var run = source.AsAsync().FanOutAsync(1, (item, _) => new ValueTask<int>(item), cts.Token);
        await waiting.ArrivedAsync(1);
        await cts.CancelAsync();

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Null(cancelled.InnerException);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_source_that_stops_before_the_run_sees_the_callers_cancellation_does_not_make_it_a_success() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (begun, continued) = (new Gate(), new TaskCompletionSource());
        var source = new ProbedSource(3)
        {
            OnMoveNextAsync = (_, _) =>
            {
                begun.Arrive();
                return continued.Task;
            },
        };
        var run = source.AsAsync().FanOutAsync(1, (item, _) => new ValueTask<int>(item), cts.Token);
        await begun.ArrivedAsync(1);
        cts.Token.Register(() => throw new NotSupportedException()); // Keeps the callback of the run from running.
        cts.Token.Register(() => continued.TrySetCanceled(cts.Token));
        Assert.Throws<NotSupportedException>(() => cts.Cancel(throwOnFirstException: true));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task Is_never_disposed_while_a_MoveNextAsync_is_pending_and_that_sees_the_stop() => RunAsync(async () =>
    {
        var pending = new Gate();
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
    public Task While_a_MoveNextAsync_is_pending_no_worker_holds_a_thread_and_results_go_on() => RunAsync(async () =>
    {
        var (pending, bodies) = (new Gate(), new Gate());
        var source = new ProbedSource(20)
        {
            OnMoveNextAsync = (pulled, token) => pulled == 8 ? pending.PassAsync(token) : Task.CompletedTask,
        };

        var run = source.AsAsync().FanOutAsync(4, async (item, token) =>
        {
            await bodies.PassAsync(token);
            return item;
        });
        await bodies.ArrivedAsync(4);
        bodies.Open();
        await pending.ArrivedAsync(1);
        await bodies.ArrivedAsync(8);
        pending.Open();

        Assert.Equal(Enumerable.Range(0, 20), await run.OrHangs());
    });
}
