using System.Runtime.CompilerServices;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit.Http;

/// <summary>Provides bulk GET for an <see cref="HttpClient"/>: a <see cref="FanOut"/> over addresses.</summary>
public static partial class HttpFanOut
{
    private static readonly Func<Uri, Uri?> Itself = static uri => uri;

    /// <summary>Returns null for a text that is not an address: it fails only its request.</summary>
    private static readonly Func<string, Uri?> AddressOf =
        static text => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri) ? uri : null;

    /// <summary>Gets all addresses and returns the results in source order. A failed request is not
    /// retried, unless the options contain a Retry or the handler of the client retries.</summary>
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
    /// <item>The response is bounded by MaxResponseBytes, each read by ReadIdleTimeout, and the whole of it by
    /// <see cref="HttpClient.Timeout"/>. A limit that elapses fails the request with a <see cref="TimeoutException"/>
    /// that names the limit and its value.</item>
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
    [OverloadResolutionPriority(1)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), Itself, read), uris, cancellationToken);

    /// <summary>Gets all addresses and returns the results in source order. A failed request is not
    /// retried, unless the options contain a Retry or the handler of the client retries.</summary>
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
    [OverloadResolutionPriority(1)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, Itself, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), AddressOf, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, AddressOf, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), Itself, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, Itself, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, With(maxConcurrency), AddressOf, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllAsync{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<TResult[]> GetAllAsync<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            Get(client, uris, options, AddressOf, Adapt(read)), uris, cancellationToken);

    private static Task<TResult[]> RunAsync<T, TResult>(HttpGet<T, TResult> get, IEnumerable<T> uris, CancellationToken token) =>
        uris.FanOutAsync(get.FanOut, get.RunAsync, token);

    private static Task<TResult[]> RunAsync<T, TResult>(HttpGet<T, TResult> get, IAsyncEnumerable<T> uris, CancellationToken token) =>
        uris.FanOutAsync(get.FanOut, get.RunAsync, token);

    /// <summary>Checks the arguments at the call.</summary>
    private static HttpGet<T, TResult> Get<T, TResult>(
        HttpClient client,
        object uris,
        HttpFanOutOptions options,
        Func<T, Uri?> addressOf,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>>? read) =>
        new(client, uris, options, addressOf, read!);

    private static HttpFanOutOptions With(int maxConcurrency) =>
        new() { FanOut = new FanOutOptions { MaxConcurrency = maxConcurrency } };

    private static Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>>? Adapt<TResult>(
        Func<HttpResponseMessage, CancellationToken, Task<TResult>>? read) =>
        read is null ? null : (response, token) => new(read(response, token));

}
