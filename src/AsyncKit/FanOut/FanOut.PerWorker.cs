using System.Runtime.CompilerServices;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit;

/// <content>A resource for each worker.</content>
public static partial class FanOut
{
    /// <summary>
    /// Adds a resource that each worker of the fan-out opens for itself. Use it for a resource that supports one operation
    /// at a time, such as a database connection or a context of an object-relational mapper.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TWorker">The type of the resource that each worker opens.</typeparam>
    /// <param name="source">The items.</param>
    /// <param name="open">Opens the resource of a worker, for its first item and after a failure. It receives the token of
    /// the item.</param>
    /// <returns>An object with the four methods of the fan-out, whose operations also receive the resource of their
    /// worker. Each call is a separate run, which opens its own resources.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <remarks>See <see cref="AsyncKit.PerWorker{T, TWorker}"/> for the guarantees. Cost: one object.</remarks>
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
    public static PerWorker<T, TWorker> PerWorker<T, TWorker>(
        this IEnumerable<T> source, Func<CancellationToken, ValueTask<TWorker>> open) =>
        new(From(Guards.NotNull(source)), Guards.NotNull(open));

    /// <inheritdoc cref="PerWorker{T, TWorker}(IEnumerable{T}, Func{CancellationToken, ValueTask{TWorker}})"/>
    public static PerWorker<T, TWorker> PerWorker<T, TWorker>(
        this IEnumerable<T> source, Func<CancellationToken, Task<TWorker>> open) =>
        new(From(Guards.NotNull(source)), DelegateAdapters.Adapt(open));

    /// <inheritdoc cref="PerWorker{T, TWorker}(IEnumerable{T}, Func{CancellationToken, ValueTask{TWorker}})"/>
    [OverloadResolutionPriority(3)]
    public static PerWorker<T, TWorker> PerWorker<T, TWorker>(
        this IAsyncEnumerable<T> source, Func<CancellationToken, ValueTask<TWorker>> open) =>
        new(From(Guards.NotNull(source)), Guards.NotNull(open));

    /// <inheritdoc cref="PerWorker{T, TWorker}(IEnumerable{T}, Func{CancellationToken, ValueTask{TWorker}})"/>
    [OverloadResolutionPriority(2)]
    public static PerWorker<T, TWorker> PerWorker<T, TWorker>(
        this IAsyncEnumerable<T> source, Func<CancellationToken, Task<TWorker>> open) =>
        new(From(Guards.NotNull(source)), DelegateAdapters.Adapt(open));
}
