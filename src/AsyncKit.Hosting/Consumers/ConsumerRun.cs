using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Hosting;

/// <summary>One enumeration of a consumer's source: a stream of outcomes, of which each is counted and logged.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <remarks>The stream has the order of completion, so its reader never waits for a slow item, and the memory of a run
/// depends on the limit.</remarks>
internal sealed class ConsumerRun<T>(
    FanOutConsumer consumer,
    FanOutConsumerOptions options,
    IServiceScopeFactory scopes,
    Func<IServiceProvider, T, CancellationToken, ValueTask> handler,
    ILogger logger)
{
    /// <summary>Validates what the properties cannot validate alone.</summary>
    public static void Check(FanOutConsumerOptions options)
    {
        if (options.FanOut.DrainToken.CanBeCanceled)
        {
            throw new ArgumentException("FanOut.DrainToken must not be set; the host drains the consumer.", nameof(options));
        }

        if (options.FanOut.Order != FanOutOrder.Source)
        {
            throw new ArgumentException("FanOut.Order must be Source; a consumer returns no results.", nameof(options));
        }

        // Checks the combination, and the type of the partition, as the run will.
        _ = AsyncEnumerable.Empty<T>().FanOutOutcomes(
            Decorate(options.FanOut, "", TimeProvider.System, static _ => { }, default),
            static (_, _) => ValueTask.CompletedTask,
            CancellationToken.None);
    }

    /// <summary>Handles the items until the source ends or the drain token is cancelled.</summary>
    /// <returns>The exception of the item that stopped the run, or null. The exception of the source is thrown, and the
    /// cancellation by the abort token.</returns>
    public async Task<Exception?> RunAsync(
        Func<IServiceProvider, IAsyncEnumerable<T>> source, CancellationToken drainToken, CancellationToken abortToken)
    {
        var scope = scopes.CreateAsyncScope();
        Exception? stoppedBy;
        try
        {
            var items = source(scope.ServiceProvider)
                ?? throw new InvalidOperationException($"The source of the consumer {consumer.Name} must not be null.");
            stoppedBy = await ReportAsync(items, drainToken, abortToken).NoContext();
        }
        catch (Exception exception)
        {
            await DisposeAsync(scope, exception).NoContext();
            throw;
        }

        await scope.DisposeAsync().NoContext();
        return stoppedBy;
    }

    private static FanOutOptions Decorate(
        FanOutOptions options, string name, TimeProvider clock, Action<SlowItem> onSlowItem, CancellationToken drainToken) =>
        options with
        {
            Order = FanOutOrder.Completion,
            DrainToken = drainToken,
            Name = options.Name ?? name,
            TimeProvider = clock,
            OnSlowItem = options is { SlowItemThreshold: not null, OnSlowItem: null, Logger: null }
                ? onSlowItem
                : options.OnSlowItem,
        };

    /// <summary>A fan-out handles a queue in another way than other sources, so it must get the queue itself.</summary>
    private static bool IsQueue(IAsyncEnumerable<T> items) =>
        items.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(FanOutQueue<>);

    /// <summary>Disposes the scope of a call that failed. An exception from disposing must not replace the cause, which
    /// carries it.</summary>
    private static async ValueTask DisposeAsync(AsyncServiceScope scope, Exception cause)
    {
        try
        {
            await scope.DisposeAsync().NoContext();
        }
        catch (Exception exception)
        {
            try
            {
                cause.Data["AsyncKit.DisposeException"] = exception;
            }
            catch (Exception)
            {
                // Data is virtual: an exception class that rejects the entry must not replace its own report.
            }
        }
    }

    /// <summary>Runs the items, and counts and logs the outcomes.</summary>
    private async Task<Exception?> ReportAsync(
        IAsyncEnumerable<T> items, CancellationToken drainToken, CancellationToken abortToken)
    {
        Exception? stoppedBy = null;
        var taken = IsQueue(items) ? null : new CountedSource<T>(items);
        var reported = 0L;
        var reader = Outcomes(taken ?? items, drainToken, abortToken).GetAsyncEnumerator(CancellationToken.None);
        try
        {
            while (await reader.MoveNextAsync().NoContext())
            {
                var outcome = reader.Current;
                reported++;
                consumer.Count(outcome.Kind, outcome.Exception);
                if (outcome.Kind == FanOutOutcomeKind.Failed)
                {
                    ConsumerLog.ItemFailed(
                        logger, consumer.Name, outcome.Index, outcome.Attempts, outcome.Duration, outcome.Exception!);
                    stoppedBy ??= options.FanOut.OnFailure == FailureMode.StopAtFirst ? outcome.Exception : null;
                }
            }
        }
        finally
        {
            await reader.DisposeAsync().NoContext();
            consumer.CountNotStarted((taken?.Count - reported) ?? 0); // For example items that wait for their key.
        }

        return stoppedBy;
    }

    private IAsyncEnumerable<FanOutOutcome<T>> Outcomes(
        IAsyncEnumerable<T> items, CancellationToken drainToken, CancellationToken abortToken)
    {
        var fanOut = Decorate(options.FanOut, consumer.Name, consumer.Clock, OnSlowItem, drainToken);
        return options.Scope == ConsumerScope.PerWorker
            ? items.PerWorker(OpenScope).FanOutOutcomes(fanOut, HandleAsync, abortToken)
            : items.FanOutOutcomes(fanOut, HandleInScopeAsync, abortToken);
    }

    private void OnSlowItem(SlowItem item) => ConsumerLog.ItemIsSlow(logger, consumer.Name, item.Index, item.Elapsed);

    private ValueTask<WorkerScope> OpenScope(CancellationToken cancellationToken) => new(new WorkerScope(scopes.CreateAsyncScope()));

    private async ValueTask HandleInScopeAsync(T item, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        try
        {
            await CallAsync(scope.ServiceProvider, item, cancellationToken).NoContext();
        }
        catch (Exception exception)
        {
            await DisposeAsync(scope, exception).NoContext();
            throw;
        }

        await scope.DisposeAsync().NoContext();
    }

    private ValueTask HandleAsync(WorkerScope scope, T item, CancellationToken cancellationToken) =>
        CallAsync(scope.Services, item, cancellationToken);

    private async ValueTask CallAsync(IServiceProvider provider, T item, CancellationToken cancellationToken)
    {
        var call = consumer.Begin();
        try
        {
            await handler(provider, item, cancellationToken).NoContext();
        }
        finally
        {
            consumer.End(call);
        }
    }

    /// <summary>The scope of a worker, as an object that the fan-out disposes asynchronously.</summary>
    private sealed class WorkerScope(AsyncServiceScope scope) : IAsyncDisposable
    {
        public IServiceProvider Services => scope.ServiceProvider;

        public ValueTask DisposeAsync() => scope.DisposeAsync();
    }
}
