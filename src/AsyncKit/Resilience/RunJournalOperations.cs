using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit;

/// <summary>Lets an operation write its results to a <see cref="RunJournal"/>, and skip the items that are in
/// it.</summary>
public static class RunJournalOperations
{
    /// <summary>Returns an operation that writes its results to a journal, and does not run again for an item whose key
    /// is in the journal.</summary>
    /// <param name="operation">The operation. It may run again for an item that was in progress when the process
    /// ended.</param>
    /// <param name="journal">The journal. It must stay open until the run ends.</param>
    /// <param name="key">Returns the key of an item: unique in the journal, and the same in a later run. Of two items
    /// with the same key, the result that is written first counts in a later run.</param>
    /// <param name="typeInfo">The metadata of the result, from a source-generated context such as
    /// <c>MyJson.Default.Price</c>. A result from the journal has the values that JSON keeps.</param>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <returns>The operation, for a fan-out. Place <c>WithRetry</c> and <c>WithTimeout</c> before the journal: a result
    /// is written once, after the last attempt. It throws what the operation throws, an <see cref="IOException"/> if the
    /// result cannot be written, and an <see cref="InvalidDataException"/> if the result in the journal has another
    /// type.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <inheritdoc cref="RunJournal" path="/example"/>
    [OverloadResolutionPriority(3)]
    public static Func<T, CancellationToken, ValueTask<TResult>> WithJournal<T, TResult>(
        this Func<T, CancellationToken, ValueTask<TResult>> operation,
        RunJournal journal,
        Func<T, string> key,
        JsonTypeInfo<TResult> typeInfo)
    {
        Check(operation, journal, key);
        ArgumentNullException.ThrowIfNull(typeInfo);
        return (item, token) => journal.RunAsync(operation, key, typeInfo, item, token);
    }

    /// <inheritdoc cref="WithJournal{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, RunJournal, Func{T, string}, JsonTypeInfo{TResult})"/>
    [OverloadResolutionPriority(2)]
    public static Func<T, CancellationToken, Task<TResult>> WithJournal<T, TResult>(
        this Func<T, CancellationToken, Task<TResult>> operation,
        RunJournal journal,
        Func<T, string> key,
        JsonTypeInfo<TResult> typeInfo)
    {
        Check(operation, journal, key);
        ArgumentNullException.ThrowIfNull(typeInfo);
        var adapted = DelegateAdapters.Adapt(operation);
        return (item, token) => journal.RunAsync(adapted, key, typeInfo, item, token).AsTask();
    }

    /// <summary>Returns an operation that writes the keys of the items it completed to a journal, and does not run again
    /// for an item whose key is in the journal.</summary>
    /// <param name="operation">The operation. It may run again for an item that was in progress when the process
    /// ended.</param>
    /// <param name="journal">The journal. It must stay open until the run ends.</param>
    /// <param name="key">Returns the key of an item: unique in the journal, and the same in a later run.</param>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <returns>The operation, for a fan-out. It throws what the operation throws, and an <see cref="IOException"/> if the
    /// key cannot be written.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <example>
    /// <code>
    /// await using var journal = RunJournal.Open("import.journal");
    /// Func&lt;Order, CancellationToken, Task&gt; import = ImportAsync;
    /// await orders.FanOutAsync(8, import.WithJournal(journal, order =&gt; order.Id), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Func<T, CancellationToken, ValueTask> WithJournal<T>(
        this Func<T, CancellationToken, ValueTask> operation, RunJournal journal, Func<T, string> key)
    {
        Check(operation, journal, key);
        var adapted = DelegateAdapters.Adapt(operation);
        return (item, token) => DelegateAdapters.WithoutUnitAsync(journal.RunAsync(adapted, key, null, item, token));
    }

    /// <inheritdoc cref="WithJournal{T}(Func{T, CancellationToken, ValueTask}, RunJournal, Func{T, string})"/>
    public static Func<T, CancellationToken, Task> WithJournal<T>(
        this Func<T, CancellationToken, Task> operation, RunJournal journal, Func<T, string> key)
    {
        Check(operation, journal, key);
        var adapted = DelegateAdapters.Adapt(operation);
        return (item, token) => journal.RunAsync(adapted, key, null, item, token).AsTask();
    }

    private static void Check<T>(Delegate operation, RunJournal journal, Func<T, string> key)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(key);
    }
}
