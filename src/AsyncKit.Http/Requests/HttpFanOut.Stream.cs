using System.Runtime.CompilerServices;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit.Http;

/// <content>Streams.</content>
public static partial class HttpFanOut
{
    /// <summary>Gets all addresses and yields the results while the run is in progress. A failed request is not
    /// retried, unless the options contain a Retry or the handler of the client retries.</summary>
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
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), Itself, read), uris, cancellationToken);

    /// <summary>Gets all addresses and yields the results while the run is in progress. A failed request is not
    /// retried, unless the options contain a Retry or the handler of the client retries.</summary>
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
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, Itself, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), AddressOf, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(0)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, AddressOf, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), Itself, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, Itself, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<Uri> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, Itself, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, AddressOf, read), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, int,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        int maxConcurrency,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, With(maxConcurrency), AddressOf, Adapt(read)), uris, cancellationToken);

    /// <inheritdoc cref="GetAllStream{TResult}(HttpClient, IEnumerable{Uri}, HttpFanOutOptions,
    /// Func{HttpResponseMessage, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<TResult> GetAllStream<TResult>(
        this HttpClient client,
        IAsyncEnumerable<string> uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken = default) =>
        RunStream(
            Get(client, uris, options, AddressOf, Adapt(read)), uris, cancellationToken);

    private static IAsyncEnumerable<TResult> RunStream<T, TResult>(HttpGet<T, TResult> get, IEnumerable<T> uris, CancellationToken token) =>
        uris.FanOutStream(get.FanOut, get.RunAsync, token);

    private static IAsyncEnumerable<TResult> RunStream<T, TResult>(HttpGet<T, TResult> get, IAsyncEnumerable<T> uris, CancellationToken token) =>
        uris.FanOutStream(get.FanOut, get.RunAsync, token);
}
