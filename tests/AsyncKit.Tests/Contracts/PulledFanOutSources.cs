namespace AsyncKit.Tests;

/// <summary>The two kinds of enumerators; each runs the whole contract.</summary>
public static class PulledFanOutSources
{
    public sealed class Enumerable(NothingLeftBehind leaks) : PulledFanOutContract(leaks)
    {
        private protected override PulledSource<int> Create(ProbedSource source) => new EnumerableSource<int>(source);

        private protected override Task<TResult[]> FanOutAsync<TResult>(
            ProbedSource source,
            FanOutOptions options,
            Func<int, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            source.FanOutAsync(options, operation, cancellationToken);
    }

    public sealed class AsyncEnumerable(NothingLeftBehind leaks) : PulledFanOutContract(leaks)
    {
        private protected override PulledSource<int> Create(ProbedSource source) =>
            new AsyncEnumerableSource<int>(source.AsAsync());

        private protected override Task<TResult[]> FanOutAsync<TResult>(
            ProbedSource source,
            FanOutOptions options,
            Func<int, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken = default) =>
            source.AsAsync().FanOutAsync(options, operation, cancellationToken);

        [Fact]
        public async Task A_source_that_stops_with_the_callers_cancellation_is_no_failure()
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
        }

        [Fact]
        public async Task A_source_that_stops_before_the_run_sees_the_callers_cancellation_does_not_make_it_a_success()
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
        }

        [Fact]
        public async Task Is_never_disposed_while_a_MoveNextAsync_is_pending_and_that_sees_the_stop()
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
        }

        [Fact]
        public async Task While_a_MoveNextAsync_is_pending_no_worker_holds_a_thread_and_results_go_on()
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

            Assert.Equal(System.Linq.Enumerable.Range(0, 20), await run.OrHangs());
        }
    }
}
