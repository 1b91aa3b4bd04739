using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit.RabbitMQ;

/// <content>The worker side.</content>
public sealed partial class RabbitRemote
{
    /// <summary>Runs <paramref name="operation"/> for the items of the clients that call the name, until
    /// <paramref name="cancellationToken"/> is cancelled. Then it drains and returns.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="name">The name of the operation: 1 to 200 ASCII letters, digits, dots, dashes and
    /// underscores.</param>
    /// <param name="maxConcurrency">The maximum number of items that run at the same time: 1 to 65,535.</param>
    /// <param name="itemType">The JSON contract of the items.</param>
    /// <param name="resultType">The JSON contract of the results.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled if the caller cancels the item, its time limit elapses or the drain takes too long. Pass the token
    /// on.</param>
    /// <param name="cancellationToken">Stops the worker. It is not the token of the operations.</param>
    /// <returns>A task that completes after the drain. It does not complete while an operation runs.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a name. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is not in the range. Thrown at
    /// the call.</exception>
    /// <exception cref="ObjectDisposedException">The remote is disposed.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>The broker sends no more items than the limit, so none waits in this process while another worker is
    /// idle, unless <see cref="RabbitServeOptions.Lookahead"/> permits it.</item>
    /// <item>An exception of the operation goes to the caller as a <see cref="RemoteOperationException"/>. The worker
    /// continues.</item>
    /// <item>An item that exceeds <see cref="RabbitServeOptions.ItemTimeout"/> fails for its caller at once. An
    /// operation that ignores its token keeps its slot.</item>
    /// <item>A lost connection does not disturb running items: they reply over the next one.</item>
    /// <item>The stop cancels the consumer, returns items that were not started to the broker, and awaits the running
    /// ones, their replies and their acknowledgements. After <see cref="RabbitServeOptions.DrainTimeout"/> the
    /// operations' tokens are cancelled, and their items go to other workers.</item>
    /// </list>
    /// </remarks>
    /// <example>
    /// <code>
    /// await remote.ServeAsync(
    ///     "resize", 16, Jobs.Default.Image, Jobs.Default.Thumb, (image, token) =&gt; ResizeAsync(image, token), stop);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public Task ServeAsync<T, TResult>(
        string name,
        int maxConcurrency,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), itemType, resultType, operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [OverloadResolutionPriority(3)]
    public Task ServeAsync<T, TResult>(
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(name, options, itemType, Writer(resultType), operation, cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task ServeAsync<T, TResult>(
        string name,
        int maxConcurrency,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), itemType, resultType, operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [OverloadResolutionPriority(2)]
    public Task ServeAsync<T, TResult>(
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        JsonTypeInfo<TResult> resultType,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(
            name, options, itemType, Writer(resultType), DelegateAdapters.Adapt(operation), cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task ServeAsync<T>(
        string name,
        int maxConcurrency,
        JsonTypeInfo<T> itemType,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), itemType, operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [OverloadResolutionPriority(1)]
    public Task ServeAsync<T>(
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(name, options, itemType, NoResult, DelegateAdapters.Adapt(operation), cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    public Task ServeAsync<T>(
        string name,
        int maxConcurrency,
        JsonTypeInfo<T> itemType,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), itemType, operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    public Task ServeAsync<T>(
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(name, options, itemType, NoResult, DelegateAdapters.Adapt(operation), cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    [OverloadResolutionPriority(3)]
    public Task ServeAsync<T, TResult>(
        string name,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    [OverloadResolutionPriority(3)]
    public Task ServeAsync<T, TResult>(
        string name,
        RabbitServeOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(name, options, TypeOf<T>(), Writer(TypeOf<TResult>()), operation, cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    [OverloadResolutionPriority(2)]
    public Task ServeAsync<T, TResult>(
        string name,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    [OverloadResolutionPriority(2)]
    public Task ServeAsync<T, TResult>(
        string name,
        RabbitServeOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(
            name,
            options,
            TypeOf<T>(),
            Writer(TypeOf<TResult>()),
            DelegateAdapters.Adapt(operation),
            cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    [OverloadResolutionPriority(1)]
    public Task ServeAsync<T>(
        string name,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    [OverloadResolutionPriority(1)]
    public Task ServeAsync<T>(
        string name,
        RabbitServeOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(name, options, TypeOf<T>(), NoResult, DelegateAdapters.Adapt(operation), cancellationToken);

    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    public Task ServeAsync<T>(
        string name,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ServeAsync(name, new RabbitServeOptions(maxConcurrency), operation, cancellationToken);

    /// <param name="options">The limit and the other settings of the worker.</param>
    /// <inheritdoc cref="ServeAsync{T, TResult}(string, int, JsonTypeInfo{T}, JsonTypeInfo{TResult}, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='maxConcurrency'])]"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    public Task ServeAsync<T>(
        string name,
        RabbitServeOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ServeCoreAsync(name, options, TypeOf<T>(), NoResult, DelegateAdapters.Adapt(operation), cancellationToken);

    private static byte[] NoResult(Unit unit) => [];

    private Func<TResult, byte[]> Writer<TResult>(JsonTypeInfo<TResult> resultType)
    {
        _ = Guards.NotNull(resultType);
        return result => Serialize(result, resultType, "The result");
    }

    private Task ServeCoreAsync<T, TResult>(
        string name,
        RabbitServeOptions options,
        JsonTypeInfo<T> itemType,
        Func<TResult, byte[]> write,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken)
    {
        _ = Topology.CheckName(name);
        _ = Guards.NotNull(options);
        _ = Guards.NotNull(itemType);
        _ = Guards.NotNull(operation);
        var run = new ServeRun(
            name,
            options,
            async (body, token) =>
                write(await operation(JsonSerializer.Deserialize(body, itemType)!, token).NoContext()),
            _worker);
        var completion = AsyncEnvironment.NewCompletion<Unit>();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            _serving.Add(completion.Task);
        }

        return RunAsync(run, completion, cancellationToken);
    }

    private async Task RunAsync(
        ServeRun run, TaskCompletionSource<Unit> completion, CancellationToken cancellationToken)
    {
        try
        {
            await run.RunAsync(cancellationToken, _closing.Token).NoContext();
        }
        finally
        {
            run.Dispose();
            lock (_lock)
            {
                _serving.Remove(completion.Task);
            }

            AsyncEnvironment.Complete(completion, default); // Last: disposal continues here.
        }
    }
}
