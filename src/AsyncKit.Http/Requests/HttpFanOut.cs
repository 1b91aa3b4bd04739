using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>GET requests for many addresses, with a limit: the fan-out of <see cref="FanOut"/> for an
/// <see cref="HttpClient"/>.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>The client is the caller's, with its base address, default headers and handlers; nothing is set on it.</item>
/// <item>A response is handed over when its headers have come, and disposed when it has been read.</item>
/// <item>A response is bounded: by MaxResponseBytes, and by ReadIdleTimeout for each read.</item>
/// <item>A status that is none of success fails its request, and a retry of the options repeats both the request and the
/// reading.</item>
/// <item>With MaxConcurrencyPerHost a slow host does not take the places of the others.</item>
/// </list>
/// Limit, order, cancellation, failures and memory are those of <see cref="FanOut"/>. Cost: that of the fan-out, and a few
/// objects a request beside those of HttpClient.
/// </remarks>
public static class HttpFanOut
{
    /// <summary>Gets all, with the results in the order of the addresses.</summary>
    /// <param name="client">Makes the requests.</param>
    /// <param name="uris">The addresses; relative ones belong to the client's base address.</param>
    /// <param name="maxConcurrency">How many requests are made at once; at least 1.</param>
    /// <param name="read">Reads a response, for example one of <see cref="HttpRead"/>. The response is disposed
    /// afterwards.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">What is read.</typeparam>
    /// <returns>What was read, in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is less than 1.</exception>
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllAsync(uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <summary>Gets all, with the results in the order of the addresses.</summary>
    /// <param name="client">Makes the requests.</param>
    /// <param name="uris">The addresses; relative ones belong to the client's base address.</param>
    /// <param name="options">How many at once, and what a response may be.</param>
    /// <param name="read">Reads a response, for example one of <see cref="HttpRead"/>. The response is disposed
    /// afterwards.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">What is read.</typeparam>
    /// <returns>What was read, in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options do not fit together.</exception>
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

    /// <summary>Gets all, and tells what became of each. With a limit alone, a failure does not stop the others.</summary>
    /// <param name="client">Makes the requests.</param>
    /// <param name="uris">The addresses; relative ones belong to the client's base address.</param>
    /// <param name="maxConcurrency">How many requests are made at once; at least 1.</param>
    /// <param name="read">Reads a response, for example one of <see cref="HttpRead"/>. The response is disposed
    /// afterwards.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">What is read.</typeparam>
    /// <returns>Every outcome. It throws for no request.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is less than 1.</exception>
    public static Task<FanOutReport<Uri, TResult>> GetAllReportAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllReportAsync(uris, HttpGet<TResult>.With(maxConcurrency, FailureMode.RunToEnd), read, cancellationToken);

    /// <summary>Gets all, and tells what became of each.</summary>
    /// <param name="client">Makes the requests.</param>
    /// <param name="uris">The addresses; relative ones belong to the client's base address.</param>
    /// <param name="options">How many at once, and what a response may be.</param>
    /// <param name="read">Reads a response, for example one of <see cref="HttpRead"/>. The response is disposed
    /// afterwards.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">What is read.</typeparam>
    /// <returns>Every outcome. It throws for no request.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options do not fit together.</exception>
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
        client.GetAllReportAsync(uris, HttpGet<TResult>.With(maxConcurrency, FailureMode.RunToEnd), read, cancellationToken);

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

    /// <summary>Gets all, and hands over results while the run goes on.</summary>
    /// <param name="client">Makes the requests.</param>
    /// <param name="uris">The addresses; relative ones belong to the client's base address.</param>
    /// <param name="maxConcurrency">How many requests are made at once; at least 1.</param>
    /// <param name="read">Reads a response, for example one of <see cref="HttpRead"/>. The response is disposed
    /// afterwards.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">What is read.</typeparam>
    /// <returns>The results, in the order of the options.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is less than 1.</exception>
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        client.GetAllStream(uris, HttpGet<TResult>.With(maxConcurrency), read, cancellationToken);

    /// <summary>Gets all, and hands over results while the run goes on.</summary>
    /// <param name="client">Makes the requests.</param>
    /// <param name="uris">The addresses; relative ones belong to the client's base address.</param>
    /// <param name="options">How many at once, and what a response may be.</param>
    /// <param name="read">Reads a response, for example one of <see cref="HttpRead"/>. The response is disposed
    /// afterwards.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    /// <typeparam name="TResult">What is read.</typeparam>
    /// <returns>The results, in the order of the options.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options do not fit together.</exception>
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
