namespace AsyncKit;

/// <summary>
/// Runs an async operation for many items with a concurrency limit. Provides extension methods on
/// <see cref="IEnumerable{T}"/> and <see cref="IAsyncEnumerable{T}"/>.
/// </summary>
/// <remarks>
/// <c>FanOutAsync</c> returns the results, <c>FanOutStream</c> yields each result when it is ready,
/// <c>FanOutOutcomes</c> yields the outcome of each item, and <c>FanOutReportAsync</c> returns all outcomes. The
/// guarantees are listed on these methods.
/// </remarks>
public static partial class FanOut
{
    internal const string IndexDataKey = "AsyncKit.Index";

    internal static FanOutOptions Limit(int maxConcurrency) => new(maxConcurrency);

    private static Operation<T, TResult> Adapt<T, TResult>(Func<T, CancellationToken, ValueTask<TResult>> operation) =>
        new(Guards.NotNull(operation));

    private static Operation<T, TResult> Adapt<T, TResult>(Func<T, CancellationToken, Task<TResult>> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new((item, token) => DelegateAdapters.AsValueTask(operation(item, token)));
    }

    private static Operation<T, Unit> Adapt<T>(Func<T, CancellationToken, ValueTask> operation) =>
        new(Guards.NotNull(operation));

    private static Operation<T, Unit> Adapt<T>(Func<T, CancellationToken, Task> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new((T item, CancellationToken token) => DelegateAdapters.AsValueTask(operation(item, token)));
    }

    private static Source<T> From<T>(IEnumerable<T> source) => new(source, null);

    private static Source<T> From<T>(IAsyncEnumerable<T> source) => new(null, source);

    private static Task<TResult[]> RunAsync<T, TResult>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken) => RunAsync(From(source), options, operation, cancellationToken);

    private static Task<TResult[]> RunAsync<T, TResult>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken) => RunAsync(From(source), options, operation, cancellationToken);

    internal static Task<TResult[]> RunAsync<T, TResult>(
        Source<T> source, FanOutOptions options, Operation<T, TResult> operation, CancellationToken cancellationToken)
    {
        CheckNoStream(source, options);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult[]>(cancellationToken);
        }

        var (indexed, pulled) = source.Open();
        return indexed is { Count: 0 } && options.Progress is null
            ? Task.FromResult(Array.Empty<TResult>())
            : GateNesting.Refusal(options.Gate) is { } refusal ? Task.FromException<TResult[]>(refusal)
            : new FanOutRun<T, TResult>(indexed, pulled, operation, options, cancellationToken).RunAsync();
    }

    internal static FanOutStream<T, TResult, TResult> Stream<T, TResult>(
        Source<T> source, FanOutOptions options, Operation<T, TResult> operation, CancellationToken cancellationToken)
    {
        Check(source, options);
        return new(
            () => source.OpenPulled(),
            operation,
            options,
            buffer => new ResultStreamSink<T, TResult>(buffer, options),
            throwsItemFailures: true,
            cancellationToken);
    }

    internal static IAsyncEnumerable<FanOutOutcome<T, TResult>> Outcomes<T, TResult>(
        Source<T> source, FanOutOptions options, Operation<T, TResult> operation, CancellationToken cancellationToken) =>
        Outcomes(source, options, operation, static outcome => outcome, cancellationToken);

    internal static IAsyncEnumerable<FanOutOutcome<T>> Outcomes<T>(
        Source<T> source, FanOutOptions options, Operation<T, Unit> operation, CancellationToken cancellationToken) =>
        Outcomes(source, options, operation, static outcome => new FanOutOutcome<T>(outcome), cancellationToken);

    private static FanOutStream<T, TResult, TOutcome> Outcomes<T, TResult, TOutcome>(
        Source<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        Func<FanOutOutcome<T, TResult>, TOutcome> convert,
        CancellationToken cancellationToken)
    {
        Check(source, options);
        return new(
            () => source.OpenPulled(),
            operation,
            options,
            buffer => new OutcomeStreamSink<T, TResult, TOutcome>(buffer, options, convert),
            throwsItemFailures: false,
            cancellationToken);
    }

    internal static Task<FanOutReport<T, TResult>> ReportAsync<T, TResult>(
        Source<T> source, FanOutOptions options, Operation<T, TResult> operation, CancellationToken cancellationToken)
    {
        CheckNoStream(source, options);
        var (indexed, pulled) = source.Open();
        var sink = new ReportSink<T, TResult>(indexed, pulled);
        var isCancelled = cancellationToken.IsCancellationRequested;
        return isCancelled || (indexed is { Count: 0 } && options.Progress is null)
            ? Task.FromResult(new FanOutReport<T, TResult>(sink.ToArray(), null, isCancelled, cancellationToken))
            : GateNesting.Refusal(options.Gate) is { } refusal ? Task.FromException<FanOutReport<T, TResult>>(refusal)
            : AwaitReportAsync(
                new FanOutRun<T, TResult>(indexed, pulled, operation, options, cancellationToken, sink),
                sink,
                cancellationToken);
    }

    internal static Task<FanOutReport<T>> ReportAsync<T>(
        Source<T> source, FanOutOptions options, Operation<T, Unit> operation, CancellationToken cancellationToken)
    {
        return WithoutResultsAsync(ReportAsync<T, Unit>(source, options, operation, cancellationToken));

        static async Task<FanOutReport<T>> WithoutResultsAsync(Task<FanOutReport<T, Unit>> report) =>
            new(await report.NoContext());
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
            // The report contains it.
        }

        foreach (var (index, item) in run.NotStarted)
        {
            sink.PutNotStarted(index, item);
        }

        return new(
            sink.ToArray(),
            run.Failures.RunFailure(),
            run.Failures.IsCancelled,
            cancellationToken,
            run.IsDrained);
    }

    private static void Check<T>(Source<T> source, FanOutOptions options)
    {
        ArgumentNullException.ThrowIfNull(source.Value, nameof(source));
        ArgumentNullException.ThrowIfNull(options);
        FanOutOptions.CheckTogether(options);
        options.Partition?.CheckItemType<T>(nameof(options));
    }

    private static void CheckNoStream<T>(Source<T> source, FanOutOptions options)
    {
        Check(source, options);
        if (options.Order != FanOutOrder.Source)
        {
            throw new ArgumentException(
                $"Order must be Source; it was {options.Order}. Only FanOutStream and FanOutOutcomes support another.",
                nameof(options));
        }

        if (options.Lookahead is { } lookahead)
        {
            throw new ArgumentException(
                $"Lookahead must be null; it was {lookahead}. Only FanOutStream and FanOutOutcomes support one.",
                nameof(options));
        }
    }

    /// <summary>A source of either kind, so that each run is written once. Both are null if the caller passed
    /// null.</summary>
    internal readonly struct Source<T>(IEnumerable<T>? items, IAsyncEnumerable<T>? asyncItems)
    {
        public object? Value => (object?)items ?? asyncItems;

        /// <summary>Opens the source by index if its type supports concurrent reads, otherwise to be pulled.</summary>
        public (IndexedSource<T>? Indexed, PulledSource<T>? Pulled) Open() =>
            items is not null && IndexedSource<T>.TryCreate(items) is { } indexed
                ? (indexed, null)
                : (null, OpenPulled());

        public PulledSource<T> OpenPulled() => items is not null ? new EnumerableSource<T>(items)
            : asyncItems is IFanOutQueue<T> queue ? new QueueSource<T>(queue)
            : new AsyncEnumerableSource<T>(asyncItems!);
    }
}
