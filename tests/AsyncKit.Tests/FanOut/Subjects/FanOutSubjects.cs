namespace AsyncKit.Tests;

/// <summary>The entry points that the contract tests.</summary>
public static partial class FanOutSubjects
{
    public sealed class Async(SourceKind kind) : FanOutSubject(kind)
    {
        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutAsync(options, operation, cancellationToken),
                source => source.FanOutAsync(options, operation, cancellationToken));

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutAsync(options, operation, cancellationToken),
                source => source.FanOutAsync(options, operation, cancellationToken));
    }

    public class Streamed(SourceKind kind, FanOutOrder order) : FanOutSubject(kind)
    {
        public override bool IsInSourceOrder => order == FanOutOrder.Source;

        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            var stream = Start(items, options with { Order = order }, operation, cancellationToken);
            return CollectAsync().Unwrap();

            async Task<Task<TResult[]>> CollectAsync()
            {
                List<TResult> results = [];
                try
                {
                    await foreach (var result in stream)
                    {
                        results.Add(result);
                    }
                }
                catch (Exception exception)
                {
                    return EndedWith<TResult>(exception, cancellationToken);
                }

                return Task.FromResult(results.ToArray());
            }
        }

        protected virtual IAsyncEnumerable<TResult> Start<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutStream(options, operation, cancellationToken),
                source => source.FanOutStream(options, operation, cancellationToken));
    }

    public class Outcomes(SourceKind kind, FanOutOrder order) : FanOutSubject(kind)
    {
        public override bool IsInSourceOrder => order == FanOutOrder.Source;

        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            options = options with { Order = order };
            return CollectAsync(
                Start(items, options, operation, cancellationToken),
                static outcome => outcome,
                options,
                cancellationToken).Unwrap();
        }

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken)
        {
            options = options with { Order = order };
            return CollectAsync(
                Start(items, options, operation, cancellationToken),
                static one => new FanOutOutcome<T, int>(one.Index, one.Item, one.Kind, 0, one.Exception),
                options,
                cancellationToken).Unwrap();
        }

        protected virtual IAsyncEnumerable<FanOutOutcome<T, TResult>> Start<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutOutcomes(options, operation, cancellationToken),
                source => source.FanOutOutcomes(options, operation, cancellationToken));

        protected virtual IAsyncEnumerable<FanOutOutcome<T>> Start<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutOutcomes(options, operation, cancellationToken),
                source => source.FanOutOutcomes(options, operation, cancellationToken));

        private static async Task<Task<TResult[]>> CollectAsync<T, TResult, TOutcome>(
            IAsyncEnumerable<TOutcome> stream,
            Func<TOutcome, FanOutOutcome<T, TResult>> convert,
            FanOutOptions options,
            CancellationToken cancellationToken)
        {
            List<FanOutOutcome<T, TResult>> outcomes = [];
            Exception? end = null;
            try
            {
                await foreach (var outcome in stream)
                {
                    outcomes.Add(convert(outcome));
                }
            }
            catch (Exception exception)
            {
                end = exception;
            }

            return end is OperationCanceledException cancelled
                && cancellationToken.IsCancellationRequested && cancelled.CancellationToken == cancellationToken
                    ? EndedWithCancellation<TResult>(cancelled)
                    : Rebuild(outcomes, options, end, isCancelled: false, cancellationToken);
        }
    }

    public class Report(SourceKind kind) : FanOutSubject(kind)
    {
        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            var report = Start(items, options, operation, cancellationToken);
            return ReadAsync().Unwrap();

            async Task<Task<TResult[]>> ReadAsync()
            {
                var all = await report;
                Assert.Equal(Enumerable.Range(0, all.Outcomes.Count), all.Outcomes.Select(outcome => outcome.Index));
                return Rebuild(
                    all.IsDrained ? Started(all) : all.Outcomes,
                    options,
                    all.SourceException,
                    all.IsCancelled,
                    cancellationToken);
            }
        }

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken)
        {
            var report = Start(items, options, operation, cancellationToken);
            return ReadAsync().Unwrap();

            async Task<Task<int[]>> ReadAsync()
            {
                var all = await report;
                return Rebuild(
                    [.. all.Outcomes.Select(one => new FanOutOutcome<T, int>(one.Index, one.Item, one.Kind, 0, one.Exception))],
                    options,
                    all.SourceException,
                    all.IsCancelled,
                    cancellationToken);
            }
        }

        protected virtual Task<FanOutReport<T, TResult>> Start<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutReportAsync(options, operation, cancellationToken),
                source => source.FanOutReportAsync(options, operation, cancellationToken));

        protected virtual Task<FanOutReport<T>> Start<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) => Kind.Over(
                items,
                source => source.FanOutReportAsync(options, operation, cancellationToken),
                source => source.FanOutReportAsync(options, operation, cancellationToken));
    }

    /// <summary>The outcomes of a drained run without the items that it left in an array or a list, which are the last
    /// ones.</summary>
    private static FanOutOutcome<T, TResult>[] Started<T, TResult>(FanOutReport<T, TResult> report)
    {
        var started = report.Outcomes.TakeWhile(one => one.Kind != FanOutOutcomeKind.NotStarted).ToArray();
        Assert.Equal(report.NotStartedCount, report.Outcomes.Count - started.Length);
        return started;
    }

    /// <summary>Returns the task of a run with the same outcomes.</summary>
    private static Task<TResult[]> Rebuild<T, TResult>(
        IReadOnlyList<FanOutOutcome<T, TResult>> outcomes,
        FanOutOptions options,
        Exception? sourceException,
        bool isCancelled,
        CancellationToken token)
    {
        List<FanOutFailure> failures =
        [
            .. outcomes.Where(one => one.Kind == FanOutOutcomeKind.Failed).OrderBy(one => one.Index)
                .Select(one => new FanOutFailure(one.Index, one.Item, one.Exception!)),
        ];
        var exceptions = failures.ConvertAll(failure => failure.Exception);
        exceptions.AddRange(sourceException switch
        {
            null => [],
            AggregateException several => several.InnerExceptions,
            _ => [sourceException],
        });
        var stops = options.OnFailure == FailureMode.StopAtFirst;
        var single = exceptions switch
        {
            [] => null,
            [var one] when stops => one,
            _ => new FanOutException(failures, exceptions),
        };
        if (isCancelled)
        {
            return EndedWithCancellation<TResult>(
                single is null ? new OperationCanceledException(token) : new CanceledWithFailureException(single, token));
        }

        if (exceptions.Count > 0)
        {
            var faulted = new TaskCompletionSource<TResult[]>();
            faulted.SetException(stops ? exceptions : [single!]);
            return faulted.Task;
        }

        Assert.All(outcomes, one => Assert.Equal(FanOutOutcomeKind.Succeeded, one.Kind));
        return Task.FromResult(outcomes.Select(one => one.Value).ToArray());
    }

    private static Task<TResult[]> EndedWithCancellation<TResult>(OperationCanceledException exception)
    {
        var builder = AsyncTaskMethodBuilder<TResult[]>.Create();
        var task = builder.Task;
        builder.SetException(exception);
        return task;
    }
}
