namespace AsyncKit;

/// <content>What all overloads come down to: the checks at the call, then the cancellation, then the run.</content>
public static partial class FanOut
{
    private static Task<TResult[]> RunAsync<T, TResult>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        CheckNoStream<T>(source, options);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult[]>(cancellationToken);
        }

        var indexed = IndexedSource<T>.TryCreate(source);
        var pulled = indexed is null ? new EnumerableSource<T>(source) : null;
        return indexed is { Count: 0 } && options.Progress is null
            ? Task.FromResult(Array.Empty<TResult>())
            : new FanOutRun<T, TResult>(indexed, pulled, operation, options, cancellationToken).RunAsync();
    }

    private static Task<TResult[]> RunAsync<T, TResult>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        CheckNoStream<T>(source, options);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult[]>(cancellationToken);
        }

        var pulled = new AsyncEnumerableSource<T>(source);
        return new FanOutRun<T, TResult>(null, pulled, operation, options, cancellationToken).RunAsync();
    }

    private static FanOutStream<T, TResult, TResult> Stream<T, TResult>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        Check<T>(source, options);
        return StreamOf(() => new EnumerableSource<T>(source), options, operation, cancellationToken);
    }

    private static FanOutStream<T, TResult, TResult> Stream<T, TResult>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        Check<T>(source, options);
        return StreamOf(() => new AsyncEnumerableSource<T>(source), options, operation, cancellationToken);
    }

    private static FanOutStream<T, TResult, TResult> StreamOf<T, TResult>(
        Func<PulledSource<T>> open,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken) => new(
            open,
            operation,
            options,
            buffer => new ResultStreamSink<T, TResult>(buffer, options),
            throwsItemFailures: true,
            cancellationToken);

    private static FanOutStream<T, TResult, FanOutOutcome<T, TResult>> Outcomes<T, TResult>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        Check<T>(source, options);
        return OutcomesOf(() => new EnumerableSource<T>(source), options, operation, cancellationToken);
    }

    private static FanOutStream<T, TResult, FanOutOutcome<T, TResult>> Outcomes<T, TResult>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        Check<T>(source, options);
        return OutcomesOf(() => new AsyncEnumerableSource<T>(source), options, operation, cancellationToken);
    }

    private static FanOutStream<T, TResult, FanOutOutcome<T, TResult>> OutcomesOf<T, TResult>(
        Func<PulledSource<T>> open,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken) => new(
            open,
            operation,
            options,
            buffer => new OutcomeStreamSink<T, TResult>(buffer, options),
            throwsItemFailures: false,
            cancellationToken);

    private static Task<FanOutReport<T, TResult>> ReportAsync<T, TResult>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        CheckNoStream<T>(source, options);
        var indexed = IndexedSource<T>.TryCreate(source);
        var pulled = indexed is null ? new EnumerableSource<T>(source) : null;
        return ReportOfAsync(indexed, pulled, options, operation, cancellationToken);
    }

    private static Task<FanOutReport<T, TResult>> ReportAsync<T, TResult>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        CheckNoStream<T>(source, options);
        return ReportOfAsync(null, new AsyncEnumerableSource<T>(source), options, operation, cancellationToken);
    }

    private static Task<FanOutReport<T>> ReportAsync<T>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, Unit> operation,
        CancellationToken cancellationToken) =>
        WithoutResultsAsync(ReportAsync<T, Unit>(source, options, operation, cancellationToken));

    private static Task<FanOutReport<T>> ReportAsync<T>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, Unit> operation,
        CancellationToken cancellationToken) =>
        WithoutResultsAsync(ReportAsync<T, Unit>(source, options, operation, cancellationToken));

    private static Task<FanOutReport<T, TResult>> ReportOfAsync<T, TResult>(
        IndexedSource<T>? indexed,
        PulledSource<T>? pulled,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        var sink = new ReportSink<T, TResult>(indexed, pulled);
        return cancellationToken.IsCancellationRequested
            ? Task.FromResult(Report(sink, null, isCancelled: true, cancellationToken))
            : indexed is { Count: 0 } && options.Progress is null
                ? Task.FromResult(Report(sink, null, isCancelled: false, cancellationToken))
                : AwaitReportAsync(
                    new FanOutRun<T, TResult>(indexed, pulled, operation, options, cancellationToken, sink),
                    sink,
                    cancellationToken);
    }

    private static async Task<FanOutReport<T, TResult>> AwaitReportAsync<T, TResult>(
        FanOutRun<T, TResult> run, ReportSink<T, TResult> sink, CancellationToken cancellationToken)
    {
        try
        {
            _ = await run.RunAsync().NoContext();
        }
        catch (Exception) when (run.Failures.HasCause)
        {
            // It is in the report.
        }

        foreach (var (index, item) in run.Keys?.NotStarted ?? [])
        {
            sink.PutNotStarted(index, item);
        }

        return Report(sink, run.Failures.RunFailure(), run.Failures.IsCancelled, cancellationToken);
    }

    private static FanOutReport<T, TResult> Report<T, TResult>(
        ReportSink<T, TResult> sink, Exception? sourceException, bool isCancelled, CancellationToken token) =>
        new(sink.ToArray(), sourceException, isCancelled, token);

    private static async Task<FanOutReport<T>> WithoutResultsAsync<T>(Task<FanOutReport<T, Unit>> report) =>
        new(await report.NoContext());

    private static void Check<T>(object source, FanOutOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        FanOutOptions.CheckTogether(options);
        options.Partition?.CheckItemType<T>(nameof(options));
    }

    private static void CheckNoStream<T>(object source, FanOutOptions options)
    {
        Check<T>(source, options);
        if (options.Order != FanOutOrder.Source)
        {
            throw new ArgumentException(
                $"Order must be Source, not {options.Order}: only FanOutStream and FanOutOutcomes have another one.",
                nameof(options));
        }

        if (options.Lookahead is { } lookahead)
        {
            throw new ArgumentException(
                $"Lookahead must be null, not {lookahead}: only FanOutStream and FanOutOutcomes have a reader to look "
                + "ahead of.",
                nameof(options));
        }
    }
}
