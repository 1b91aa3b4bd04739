using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>Provides bulk GET for an <see cref="HttpClient"/>: a <see cref="FanOut"/> over addresses.</summary>
public static class HttpFanOut
{
    /// <summary>Gets all addresses and returns the results in source order.</summary>
    /// <param name="client">The client that sends the requests.</param>
    /// <param name="uris">The addresses. The client's base address applies to a relative one.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent requests: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="read">The operation that reads a response, for example a member of <see cref="HttpRead"/>. It does
    /// not dispose the response.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>A task that completes after every request of the run, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>At most the given number of requests are in flight. Limit, order, cancellation, failures and memory are as
    /// in <see cref="FanOut"/>.</item>
    /// <item>The client keeps its base address, default headers and handlers; no property of it is set.</item>
    /// <item>The response is passed to the reader when its headers have arrived, and disposed after reading.</item>
    /// <item>The response is bounded by MaxResponseBytes, and each asynchronous read by ReadIdleTimeout.</item>
    /// <item>A response with a non-success status code fails its request, unless OnErrorStatus is Read.</item>
    /// <item>A retry of the options repeats both the request and the reading, and honors Retry-After.</item>
    /// <item>With MaxConcurrencyPerHost, a slow host does not occupy the slots of other hosts.</item>
    /// </list>
    /// Cost: that of the fan-out, and a few objects per request in addition to those of <see cref="HttpClient"/>.
    /// </remarks>
    /// <example>
    /// <code>
    /// string[] pages = await client.GetAllAsync(uris, maxConcurrency: 16, HttpRead.Text);
    /// </code>
    /// </example>
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllAsync(uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <summary>Gets all addresses and returns the results in source order.</summary>
    /// <param name="client">The client that sends the requests.</param>
    /// <param name="uris">The addresses. The client's base address applies to a relative one.</param>
    /// <param name="options">The concurrency of the run, and the limits of each response.</param>
    /// <param name="read">The operation that reads a response, for example a member of <see cref="HttpRead"/>. It does
    /// not dispose the response.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>A task that completes after every request of the run, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new HttpFanOutOptions
    /// {
    ///     FanOut = new FanOutOptions { MaxConcurrency = 32, Retry = new RetryOptions { MaxAttempts = 3 } },
    ///     MaxConcurrencyPerHost = 4,
    /// };
    /// string[] pages = await client.GetAllAsync(uris, options, HttpRead.Text);
    /// </code>
    /// </example>
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default)
    {
        var get = new HttpGet<TResult>(client, uris, options, read);
        return uris.FanOutAsync(get.FanOut, get.RunAsync, cancellationToken);
    }

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllAsync(uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default)
    {
        var get = new HttpGet<TResult>(client, uris, options, read);
        return uris.FanOutAsync(get.FanOut, get.RunAsync, cancellationToken);
    }

    /// <summary>Gets all addresses and returns the outcome of each. A failed request does not stop the
    /// others.</summary>
    /// <param name="client">The client that sends the requests.</param>
    /// <param name="uris">The addresses. The client's base address applies to a relative one.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent requests: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="read">The operation that reads a response, for example a member of <see cref="HttpRead"/>. It does
    /// not dispose the response.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>A task that completes after every request of the run, with the outcomes in source order. The task does
    /// not fail for a request.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var report = await client.GetAllReportAsync(uris, maxConcurrency: 16, HttpRead.Text);
    /// Console.WriteLine($"{report.SucceededCount} pages, {report.FailedCount} failures");
    /// </code>
    /// </example>
    public static Task<FanOutReport<Uri, TResult>> GetAllReportAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllReportAsync(
            uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <summary>Gets all addresses and returns the outcome of each.</summary>
    /// <param name="client">The client that sends the requests.</param>
    /// <param name="uris">The addresses. The client's base address applies to a relative one.</param>
    /// <param name="options">The concurrency of the run, and the limits of each response.</param>
    /// <param name="read">The operation that reads a response, for example a member of <see cref="HttpRead"/>. It does
    /// not dispose the response.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>A task that completes after every request of the run, with the outcomes in source order. The task does
    /// not fail for a request.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    public static Task<FanOutReport<Uri, TResult>> GetAllReportAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default)
    {
        var get = new HttpGet<TResult>(client, uris, options, read);
        return uris.FanOutReportAsync(get.FanOut, get.RunAsync, cancellationToken);
    }

    /// <inheritdoc cref="GetAllReportAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<Uri, TResult>> GetAllReportAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllReportAsync(
            uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <inheritdoc cref="GetAllReportAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<Uri, TResult>> GetAllReportAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default)
    {
        var get = new HttpGet<TResult>(client, uris, options, read);
        return uris.FanOutReportAsync(get.FanOut, get.RunAsync, cancellationToken);
    }

    /// <summary>Gets all addresses and yields the results while the run is in progress.</summary>
    /// <param name="client">The client that sends the requests.</param>
    /// <param name="uris">The addresses. The client's base address applies to a relative one.</param>
    /// <param name="maxConcurrency">The maximum number of concurrent requests: at least 1, <see cref="int.MaxValue"/>
    /// for no limit.</param>
    /// <param name="read">The operation that reads a response, for example a member of <see cref="HttpRead"/>. It does
    /// not dispose the response.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>The results, in the order of <see cref="FanOutOptions.Order"/>. Each enumeration is a separate
    /// run.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// await foreach (string page in client.GetAllStream(uris, maxConcurrency: 16, HttpRead.Text))
    /// {
    ///     Console.WriteLine(page.Length);
    /// }
    /// </code>
    /// </example>
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllStream(uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <summary>Gets all addresses and yields the results while the run is in progress.</summary>
    /// <param name="client">The client that sends the requests.</param>
    /// <param name="uris">The addresses. The client's base address applies to a relative one.</param>
    /// <param name="options">The concurrency of the run, and the limits of each response.</param>
    /// <param name="read">The operation that reads a response, for example a member of <see cref="HttpRead"/>. It does
    /// not dispose the response.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>The results, in the order of <see cref="FanOutOptions.Order"/>. Each enumeration is a separate
    /// run.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default)
    {
        var get = new HttpGet<TResult>(client, uris, options, read);
        return uris.FanOutStream(get.FanOut, get.RunAsync, cancellationToken);
    }

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllStream(uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default)
    {
        var get = new HttpGet<TResult>(client, uris, options, read);
        return uris.FanOutStream(get.FanOut, get.RunAsync, cancellationToken);
    }
}
