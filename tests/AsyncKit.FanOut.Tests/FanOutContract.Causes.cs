namespace AsyncKit.Tests;

/// <content>Which cause was first, and which exceptions count as a cancellation.</content>
public abstract partial class FanOutContract
{
    [Fact]
    public Task A_result_after_the_cancellation_does_not_make_the_run_succeed() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var run = FanOutAsync(
            Enumerable.Range(0, 1),
            StopAtFirst(1),
            async (item, _) =>
            {
                await World.CancelAsync(cts);
                return item;
            },
            cts.Token);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task No_item_starts_after_the_callers_cancellation_even_inside_Cancel() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (entered, continued, started) = (new TestGate(), new TaskCompletionSource<int>(), 0);
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
                entered.Arrive();
                return new ValueTask<int>(continued.Task);
            },
            cts.Token);
        await entered.ArrivedAsync(1);
        await Task.Run(cts.Cancel);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal(1, started);
    });

    [Fact]
    public Task The_callers_cancellation_is_observed_even_if_the_callback_of_the_run_never_runs() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (entered, proceed) = (new TestGate(), new TaskCompletionSource());
        var run = FanOutAsync(
            Enumerable.Range(0, 10_000),
            StopAtFirst(2),
            async (item, token) =>
            {
                if (item < 2)
                {
                    entered.Arrive();
                    await proceed.Task;
                }

                return item;
            },
            cts.Token);
        await entered.ArrivedAsync(2);
        cts.Token.Register(() => throw new NotSupportedException());

        Assert.Throws<NotSupportedException>(() => cts.Cancel(throwOnFirstException: true));
        proceed.SetResult();

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
    });

    [Fact]
    public Task An_operation_that_observes_the_callers_cancellation_first_is_not_a_failure() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (entered, continued) = (new TestGate(), new TaskCompletionSource<int>());
        var run = FanOutAsync(
            Enumerable.Range(0, 5),
            StopAtFirst(1),
            (_, token) =>
            {
                cts.Token.Register(() => continued.TrySetCanceled(cts.Token));
                entered.Arrive();
                return new ValueTask<int>(continued.Task);
            },
            cts.Token);
        await entered.ArrivedAsync(1);
        await World.CancelAsync(cts);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Null(cancelled.InnerException);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_failure_inside_the_callers_Cancel_is_recorded_after_the_cancellation() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (entered, continued) = (new TestGate(), new TaskCompletionSource<int>());
        var run = FanOutAsync(
            Enumerable.Range(0, 5),
            StopAtFirst(1),
            (_, token) =>
            {
                cts.Token.Register(() => continued.TrySetException(new InvalidOperationException("real")));
                entered.Arrive();
                return new ValueTask<int>(continued.Task);
            },
            cts.Token);
        await entered.ArrivedAsync(1);
        await World.CancelAsync(cts);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal("real", cancelled.InnerException?.Message);
        Assert.True(run.IsCanceled);
    });

    [Fact]
    public Task A_failure_of_a_nested_run_is_not_lost_when_the_outer_run_is_cancelled() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var failed = new TestGate();
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
        await World.CancelAsync(cts);

        var cancelled = Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        var inner = Assert.IsType<FanOutException>(cancelled.InnerException);
        Assert.Equal("inner", Assert.Single(inner.InnerExceptions).Message);
    });

    [Fact]
    public Task Wrapped_cancellations_that_the_run_caused_are_not_reported() => RunAsync(async () =>
    {
        var gate = new TestGate();
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
                throw new AggregateException(exception); // As Task.Wait does.
            }

            return item;
        });
        await FailureOfAsync(run);

        Assert.IsType<InvalidOperationException>(Assert.Single(run.Exception!.InnerExceptions));
    });

    [Fact]
    public Task The_token_of_the_operations_is_not_cancelled_after_the_run() => RunAsync(async () =>
    {
        CancellationToken seen = default;
        using var caller = new CancellationTokenSource();
        await FanOutAsync(Enumerable.Range(0, 1), StopAtFirst(1), (item, token) =>
        {
            seen = token;
            return new ValueTask<int>(item);
        }, caller.Token).OrHangs();
        await World.CancelAsync(caller);

        Assert.False(seen.IsCancellationRequested);
        if (IsTokenTheRuns)
        {
            Assert.Throws<ObjectDisposedException>(() => seen.WaitHandle);
        }
    });
}
