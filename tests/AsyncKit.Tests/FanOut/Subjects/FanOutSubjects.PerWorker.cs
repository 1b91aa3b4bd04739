namespace AsyncKit.Tests;

/// <content>The same entry points with a resource for each worker, which every run checks.</content>
public static partial class FanOutSubjects
{
    private static PerWorker<T, WorkerProbe.Resource> Open<T>(SourceKind kind, IEnumerable<T> items, WorkerProbe probe) =>
        kind.Over(items, source => source.PerWorker(probe.OpenAsync), source => source.PerWorker(probe.OpenAsync));

    private static Task<T> ThenCheckAsync<T>(Task<T> run, WorkerProbe probe, int limit)
    {
        return CheckAsync().Unwrap();

        async Task<Task<T>> CheckAsync()
        {
            _ = await Task.WhenAny(run); // Never throws: the caller gets the run's task.
            probe.Check(limit);
            return run;
        }
    }

    private static async IAsyncEnumerable<T> ThenCheck<T>(IAsyncEnumerable<T> stream, WorkerProbe probe, int limit)
    {
        try
        {
            await foreach (var one in stream)
            {
                yield return one;
            }
        }
        finally
        {
            probe.Check(limit);
        }
    }

    internal sealed class PerWorkerAsync(SourceKind kind, WorkerProbes? probes = null) : FanOutSubject(kind)
    {
        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            return ThenCheckAsync(
                Open(Kind, items, probe).FanOutAsync(options, WorkerProbe.Use(operation), cancellationToken),
                probe,
                options.MaxConcurrency);
        }

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            var run = Open(Kind, items, probe).FanOutAsync(options, WorkerProbe.Use(operation), cancellationToken);
            return CheckAsync().Unwrap();

            async Task<Task> CheckAsync()
            {
                _ = await Task.WhenAny(run);
                probe.Check(options.MaxConcurrency);
                return run;
            }
        }
    }

    internal sealed class PerWorkerStreamed(SourceKind kind, FanOutOrder order, WorkerProbes? probes = null)
        : Streamed(kind, order)
    {
        protected override IAsyncEnumerable<TResult> Start<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            return ThenCheck(
                Open(Kind, items, probe).FanOutStream(options, WorkerProbe.Use(operation), cancellationToken),
                probe,
                options.MaxConcurrency);
        }
    }

    internal sealed class PerWorkerOutcomes(SourceKind kind, FanOutOrder order, WorkerProbes? probes = null)
        : Outcomes(kind, order)
    {
        protected override IAsyncEnumerable<FanOutOutcome<T, TResult>> Start<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            return ThenCheck(
                Open(Kind, items, probe).FanOutOutcomes(options, WorkerProbe.Use(operation), cancellationToken),
                probe,
                options.MaxConcurrency);
        }

        protected override IAsyncEnumerable<FanOutOutcome<T>> Start<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            return ThenCheck(
                Open(Kind, items, probe).FanOutOutcomes(options, WorkerProbe.Use(operation), cancellationToken),
                probe,
                options.MaxConcurrency);
        }
    }

    internal sealed class PerWorkerReport(SourceKind kind, WorkerProbes? probes = null) : Report(kind)
    {
        protected override Task<FanOutReport<T, TResult>> Start<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            return ThenCheckAsync(
                Open(Kind, items, probe).FanOutReportAsync(options, WorkerProbe.Use(operation), cancellationToken),
                probe,
                options.MaxConcurrency);
        }

        protected override Task<FanOutReport<T>> Start<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken)
        {
            var probe = WorkerProbes.Take(probes);
            return ThenCheckAsync(
                Open(Kind, items, probe).FanOutReportAsync(options, WorkerProbe.Use(operation), cancellationToken),
                probe,
                options.MaxConcurrency);
        }
    }
}
