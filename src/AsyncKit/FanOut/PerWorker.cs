using System.Runtime.CompilerServices;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit;

/// <summary>
/// Represents the items of a fan-out and a resource that each worker opens for itself, such as a database connection.
/// <see cref="FanOut.PerWorker{T, TWorker}(IEnumerable{T}, Func{CancellationToken, ValueTask{TWorker}})">PerWorker</see> creates it.
/// </summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <typeparam name="TWorker">The type of the resource. It is disposed asynchronously if it implements
/// <see cref="IAsyncDisposable"/>, otherwise through <see cref="IDisposable"/> if it implements that.</typeparam>
/// <remarks>
/// The guarantees of
/// <see cref="FanOut.FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)">FanOutAsync</see>
/// and of the other methods of <see cref="FanOut"/> apply, and:
/// <list type="bullet">
/// <item>A worker opens its resource for its first item, so the run opens as many as it has workers. One operation at a
/// time uses it.</item>
/// <item>A resource is never reused after an operation failed with it. Any exception counts as a failure, including a
/// cancellation. The resource is disposed at once, and a new one is opened for the next attempt or item. So a connection
/// that breaks costs at most one item, and none with <see cref="FanOutOptions.Retry"/>.</item>
/// <item>Opening is a part of the attempt. Its time counts, it receives the attempt's token, and if it fails, the attempt
/// fails with that exception. The worker opens again for its next attempt or item.</item>
/// <item>Every resource that was opened is disposed, at the latest when its worker completes, before the run does.</item>
/// <item>If disposing a resource after a failure throws, the exception is in
/// <c>exception.Data["AsyncKit.DisposeException"]</c> of the operation's exception. If that one is a cancellation, or if
/// no operation failed with the resource, the run ends with the exception, as if the source had failed.</item>
/// <item>The opener sees the caller's ExecutionContext as each operation does, and neither sees what the other sets.</item>
/// <item>A Polly pipeline that runs attempts at the same time, for example for hedging, gets a resource for each of
/// them.</item>
/// </list>
/// Cost: one object for each worker and one for each resource. With retries or a pipeline, an operation that awaits needs
/// one more state machine, which is pooled. Thread-safe: each call is a separate run.
/// </remarks>
public sealed class PerWorker<T, TWorker>
{
    private readonly FanOut.Source<T> _source;
    private readonly Func<CancellationToken, ValueTask<TWorker>> _open;

    internal PerWorker(FanOut.Source<T> source, Func<CancellationToken, ValueTask<TWorker>> open) =>
        (_source, _open) = (source, open);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time, and returns the results in source order.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    /// <example>
    /// <code>
    /// string[] names = await ids.PerWorker(dataSource.OpenConnectionAsync)
    ///     .FanOutAsync(8, (connection, id, token) =&gt; ReadNameAsync(connection, id, token));
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public Task<TResult[]> FanOutAsync<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker and the given
    /// <paramref name="options"/>, and returns the results in source order.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutAsync{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(3)]
    public Task<TResult[]> FanOutAsync<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{TResult}(int, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<TResult[]> FanOutAsync<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{TResult}(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<TResult[]> FanOutAsync<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/>, which returns no result, for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    /// <example>
    /// <code>
    /// await orders.PerWorker(factory.CreateDbContextAsync).FanOutAsync(8, async (db, order, token) =&gt;
    /// {
    ///     db.Add(order);
    ///     await db.SaveChangesAsync(token);
    /// });
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public Task FanOutAsync(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/>, which returns no result, for every item with the resource of its worker and the
    /// given <paramref name="options"/>.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(1)]
    public Task FanOutAsync(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutAsync(int, Func{TWorker, T, CancellationToken, ValueTask}, CancellationToken)"/>
    public Task FanOutAsync(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask}, CancellationToken)"/>
    public Task FanOutAsync(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.RunAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time, and yields each result in source order while the run continues.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    /// <example>
    /// <code>
    /// await foreach (string name in ids.PerWorker(dataSource.OpenConnectionAsync).FanOutStream(8, ReadNameAsync))
    /// {
    ///     Console.WriteLine(name);
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public IAsyncEnumerable<TResult> FanOutStream<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Stream(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker and the given
    /// <paramref name="options"/>, and yields each result while the run continues.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutStream{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(3)]
    public IAsyncEnumerable<TResult> FanOutStream<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Stream(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutStream{TResult}(int, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public IAsyncEnumerable<TResult> FanOutStream<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Stream(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{TResult}(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public IAsyncEnumerable<TResult> FanOutStream<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Stream(_source, options, Adapt(operation, options), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time, and returns a report with the outcome of every item. A failed item
    /// does not stop the run and is not thrown.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutReportAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    /// <example>
    /// <code>
    /// var report = await ids.PerWorker(dataSource.OpenConnectionAsync).FanOutReportAsync(8, ReadNameAsync);
    /// Console.WriteLine($"{report.SucceededCount} succeeded, {report.FailedCount} failed");
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public Task<FanOutReport<T, TResult>> FanOutReportAsync<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker and the given
    /// <paramref name="options"/>, and returns a report with the outcome of every item.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutReportAsync{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(3)]
    public Task<FanOutReport<T, TResult>> FanOutReportAsync<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{TResult}(int, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<FanOutReport<T, TResult>> FanOutReportAsync<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{TResult}(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<FanOutReport<T, TResult>> FanOutReportAsync<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time, and returns a report with the outcome of every item. A failed item
    /// does not stop the run and is not thrown.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutReportAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(1)]
    public Task<FanOutReport<T>> FanOutReportAsync(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker and the given
    /// <paramref name="options"/>, and returns a report with the outcome of every item.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutReportAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(1)]
    public Task<FanOutReport<T>> FanOutReportAsync(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync(int, Func{TWorker, T, CancellationToken, ValueTask}, CancellationToken)"/>
    public Task<FanOutReport<T>> FanOutReportAsync(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask}, CancellationToken)"/>
    public Task<FanOutReport<T>> FanOutReportAsync(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.ReportAsync(_source, options, Adapt(operation, options), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time, and yields the outcome of each in source order while the run
    /// continues. A failed item does not stop the run.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutOutcomes{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    /// <example>
    /// <code>
    /// await foreach (var outcome in ids.PerWorker(dataSource.OpenConnectionAsync).FanOutOutcomes(8, ReadNameAsync))
    /// {
    ///     Console.WriteLine($"{outcome.Item}: {outcome.Kind} after {outcome.Attempts} attempts");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker and the given
    /// <paramref name="options"/>, and yields the outcome of each while the run continues.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutOutcomes{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::typeparam[@name='TResult'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(3)]
    public IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{TResult}(int, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<TResult>(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{TResult}(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<TResult>(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, options, Adapt(operation, options), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker, at most
    /// <paramref name="maxConcurrency"/> at a time, and yields the outcome of each in source order while the run
    /// continues. A failed item does not stop the run.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutOutcomes{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[self::param[@name='maxConcurrency' or @name='cancellationToken'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(1)]
    public IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the resource of its worker and the given
    /// <paramref name="options"/>, and yields the outcome of each while the run continues.
    /// </summary>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives the resource of its
    /// worker, the item, and a token that is cancelled when the run stops early. Pass the token on.</param>
    /// <inheritdoc cref="FanOut.FanOutOutcomes{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[self::param[@name='options' or @name='cancellationToken'] or self::returns or self::exception]"/>
    /// <remarks>See <see cref="PerWorker{T, TWorker}"/> for the guarantees.</remarks>
    [OverloadResolutionPriority(1)]
    public IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, options, Adapt(operation, options), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes(int, Func{TWorker, T, CancellationToken, ValueTask}, CancellationToken)"/>
    public IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes(
        int maxConcurrency,
        Func<TWorker, T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, FanOut.Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes(FanOutOptions, Func{TWorker, T, CancellationToken, ValueTask}, CancellationToken)"/>
    public IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes(
        FanOutOptions options,
        Func<TWorker, T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        FanOut.Outcomes(_source, options, Adapt(operation, options), cancellationToken);

    private Operation<T, TResult> Adapt<TResult>(
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation, FanOutOptions? options = null) =>
        WorkerOperation.Create(_open, Guards.NotNull(operation), MayCallAgain(options));

    private Operation<T, TResult> Adapt<TResult>(
        Func<TWorker, T, CancellationToken, Task<TResult>> operation, FanOutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return Adapt(
            (TWorker worker, T item, CancellationToken token) =>
                DelegateAdapters.AsValueTask(operation(worker, item, token)),
            options);
    }

    private Operation<T, Unit> Adapt(
        Func<TWorker, T, CancellationToken, ValueTask> operation, FanOutOptions? options = null) =>
        WorkerOperation.Create(_open, Guards.NotNull(operation), MayCallAgain(options));

    private Operation<T, Unit> Adapt(
        Func<TWorker, T, CancellationToken, Task> operation, FanOutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return Adapt(
            (TWorker worker, T item, CancellationToken token) =>
                DelegateAdapters.AsValueTask(operation(worker, item, token)),
            options);
    }

    private static bool MayCallAgain(FanOutOptions? options) => options?.MayCallAgain == true;
}
