using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit.RabbitMQ;

/// <content>The client side.</content>
public sealed partial class RabbitRemote
{
    private const string Reflection = "The JSON of the items and results uses reflection. Pass a JsonTypeInfo instead.";

    /// <summary>Returns an operation that runs on the workers that serve the name. It is an ordinary operation for a
    /// fan-out, a retry or a timeout.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="name">The name of the operation: 1 to 200 ASCII letters, digits, dots, dashes and
    /// underscores.</param>
    /// <param name="itemType">The JSON contract of the items.</param>
    /// <param name="resultType">The JSON contract of the results.</param>
    /// <returns>
    /// The operation. Its task:
    /// <list type="bullet">
    /// <item>completes with the result of the first reply,</item>
    /// <item>is faulted with a <see cref="RemoteOperationException"/> if the operation fails on the worker or the item
    /// is dead-lettered,</item>
    /// <item>is faulted with an <see cref="InvalidOperationException"/> if the item is larger than
    /// <see cref="RabbitRemoteOptions.MaxMessageBytes"/> or than the broker accepts,</item>
    /// <item>is cancelled at once if its token is cancelled; the worker is informed,</item>
    /// <item>is faulted with an <see cref="ObjectDisposedException"/> if the remote is disposed.</item>
    /// </list>
    /// It waits as long as no worker serves the name; use a timeout to limit that.
    /// </returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not a name.</exception>
    /// <inheritdoc cref="RabbitRemote" path="/example"/>
    public Func<T, CancellationToken, ValueTask<TResult>> Operation<T, TResult>(
        string name, JsonTypeInfo<T> itemType, JsonTypeInfo<TResult> resultType)
    {
        _ = Topology.CheckName(name);
        _ = Guards.NotNull(itemType);
        _ = Guards.NotNull(resultType);
        return (item, cancellationToken) => CallAsync(
            name, item, itemType, body => JsonSerializer.Deserialize(body, resultType)!, cancellationToken);
    }

    /// <summary>Returns an operation without a result that runs on the workers that serve the name.</summary>
    /// <inheritdoc cref="Operation{T, TResult}(string, JsonTypeInfo{T}, JsonTypeInfo{TResult})"/>
    public Func<T, CancellationToken, ValueTask> Operation<T>(string name, JsonTypeInfo<T> itemType)
    {
        _ = Topology.CheckName(name);
        _ = Guards.NotNull(itemType);
        return (item, cancellationToken) => DelegateAdapters.WithoutUnitAsync(
            CallAsync<T, Unit>(name, item, itemType, _ => default, cancellationToken));
    }

    /// <inheritdoc cref="Operation{T, TResult}(string, JsonTypeInfo{T}, JsonTypeInfo{TResult})"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    public Func<T, CancellationToken, ValueTask<TResult>> Operation<T, TResult>(string name) =>
        Operation(name, TypeOf<T>(), TypeOf<TResult>());

    /// <inheritdoc cref="Operation{T}(string, JsonTypeInfo{T})"/>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    public Func<T, CancellationToken, ValueTask> Operation<T>(string name) => Operation(name, TypeOf<T>());

    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)JsonSerializerOptions.Default.GetTypeInfo(typeof(T));

    private async ValueTask<TResult> CallAsync<T, TResult>(
        string name, T item, JsonTypeInfo<T> itemType, Func<byte[], TResult> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_caller.IsClosed, this);
        using var span = RemoteTelemetry.Spans.StartActivity(RemoteTelemetry.CallSpan, ActivityKind.Client);
        using var measuring = new Measurement(
            name, RemoteTelemetry.ActiveCalls, RemoteTelemetry.CallDuration, span, _clock);
        try
        {
            var body = Serialize(item, itemType, "The item");
            var call = _caller.NewCall(name, body, span ?? Activity.Current);
            var reply = await _caller.SendAsync(call, cancellationToken).NoContext();
            if (reply.IsFault)
            {
                throw new RemoteOperationException(name, RemoteFault.Parse(reply.Body));
            }

            var result = read(reply.Body);
            measuring.Succeed();
            return result;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            measuring.Fail(exception);
            throw;
        }
    }
}
