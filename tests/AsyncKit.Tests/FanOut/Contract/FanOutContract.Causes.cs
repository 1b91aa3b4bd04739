namespace AsyncKit.Tests;

/// <content>Rules 12 to 14 where it is close: who was first, and what counts as what.</content>
public abstract partial class FanOutContract
{
    [Fact]
    public Task A_result_that_came_after_the_cancellation_does_not_make_the_run_a_success() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var run = FanOutAsync(
            Enumerable.Range(0, 1),
            StopAtFirst(1),
            async (item, _) =>
            {
                await cts.CancelAsync();
                return item;
            },
            cts.Token);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task Nothing_is_started_after_the_callers_cancellation_even_inside_it() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (begun, continued, started) = (new Gate(), new TaskCompletionSource<int>(), 0);
        var run = FanOutAsync(
            Enumerable.Range(0, 1_000),
            StopAtFirst(1),
            (item, token) =>
            {
                Interlocked.Increment(ref started);
                if (item > 0)
                {
                    return new ValueTask<int>(item);
                }

                cts.Token.Register(() => continued.TrySetResult(item)); // Called before the callback of the run.
                begun.Arrive();
                return new ValueTask<int>(continued.Task);
            },
            cts.Token);
        await begun.ArrivedAsync(1);
        await Task.Run(cts.Cancel);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal(1, started);
    });

    [Fact]
    public Task The_callers_cancellation_is_seen_even_if_another_callback_keeps_ours_from_running() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (begun, proceed) = (new Gate(), new TaskCompletionSource());
        var run = FanOutAsync(
            Enumerable.Range(0, 10_000),
            StopAtFirst(2),
            async (item, token) =>
            {
                if (item < 2)
                {
                    begun.Arrive();
                    await proceed.Task;
                }

                return item;
            },
            cts.Token);
        await begun.ArrivedAsync(2);
        cts.Token.Register(() => throw new NotSupportedException());

        Assert.Throws<NotSupportedException>(() => cts.Cancel(throwOnFirstException: true));
        proceed.SetResult();

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
    });

    [Fact]
    public Task A_body_that_sees_the_callers_cancellation_before_the_run_does_is_no_failure() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (begun, continued) = (new Gate(), new TaskCompletionSource<int>());
        var run = FanOutAsync(
            Enumerable.Range(0, 5),
            StopAtFirst(1),
            (_, token) =>
            {
                cts.Token.Register(() => continued.TrySetCanceled(cts.Token));
                begun.Arrive();
                return new ValueTask<int>(continued.Task);
            },
            cts.Token);
        await begun.ArrivedAsync(1);
        await cts.CancelAsync();

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Null(cancelled.InnerException);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_failure_inside_the_callers_Cancel_comes_after_the_cancellation() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (begun, continued) = (new Gate(), new TaskCompletionSource<int>());
        var run = FanOutAsync(
            Enumerable.Range(0, 5),
            StopAtFirst(1),
            (_, token) =>
            {
                cts.Token.Register(() => continued.TrySetException(new InvalidOperationException("real")));
                begun.Arrive();
                return new ValueTask<int>(continued.Task);
            },
            cts.Token);
        await begun.ArrivedAsync(1);
        await cts.CancelAsync();

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal("real", cancelled.InnerException?.Message);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_failure_inside_a_nested_run_is_not_lost_when_the_outer_one_is_cancelled() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var failed = new Gate();
        var run = FanOutAsync(
            Enumerable.Range(0, 1),
            StopAtFirst(1),
            async (item, outerToken) => await FanOutAsync(
                Enumerable.Range(0, 2),
                RunToEnd(2),
                async (inner, token) =>
                {
                    if (inner == 0)
                    {
                        throw new InvalidOperationException("inner");
                    }

                    await failed.PassAsync(token);
                    return inner;
                },
                outerToken),
            cts.Token);
        await failed.ArrivedAsync(1);
        await cts.CancelAsync();

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        var inner = Assert.IsType<FanOutException>(cancelled.InnerException);
        Assert.Equal("inner", Assert.Single(inner.InnerExceptions).Message);
    });

    [Fact]
    public Task Cancellations_in_other_clothes_do_not_appear_beside_the_cause_either() => RunAsync(async () =>
    {
        var gate = new Gate();
        var run = FanOutAsync(Enumerable.Range(0, 3), StopAtFirst(3), async (item, token) =>
        {
            if (item == 0)
            {
                await gate.ArrivedAsync(2);
                throw new InvalidOperationException();
            }

            token.Register(token.ThrowIfCancellationRequested); // A callback that throws the cancellation itself.
            try
            {
                await gate.PassAsync(token);
            }
            catch (OperationCanceledException exception)
            {
                throw new AggregateException(exception); // What Task.Wait makes of it.
            }

            return item;
        });
        await FailureOfAsync(run);

        Assert.IsType<InvalidOperationException>(Assert.Single(run.Exception!.InnerExceptions));
    });

    [Fact]
    public Task The_token_of_the_bodies_is_disposed_with_the_run_or_not_cancelled_any_more() => RunAsync(async () =>
    {
        CancellationToken seen = default;
        using var caller = new CancellationTokenSource();
        await FanOutAsync(Enumerable.Range(0, 1), StopAtFirst(1), (item, token) =>
        {
            seen = token;
            return new ValueTask<int>(item);
        }, caller.Token).OrHangs();
        await caller.CancelAsync();

        Assert.False(seen.IsCancellationRequested);
        if (IsTokenTheRuns)
        {
            Assert.Throws<ObjectDisposedException>(() => seen.WaitHandle);
        }
    });
}
