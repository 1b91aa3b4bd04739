using System.Threading.Tasks.Dataflow;

namespace AsyncKit.Benchmarks;

/// <summary>Shared by the fan-out benchmarks: the operations and the hand-written baselines.</summary>
internal static class Operations
{
    public static Func<int, CancellationToken, ValueTask<int>> Of(Body body) => body == Body.Sync ? Sync : YieldAsync;

    public static Func<int, CancellationToken, ValueTask> WithoutResult(Body body) =>
        body == Body.Sync ? static (_, _) => default : static async (_, _) => await Task.Yield();

    public static async Task<int[]> SemaphoreWhenAllAsync(
        IEnumerable<int> items,
        int limit,
        Func<int, CancellationToken, ValueTask<int>> operation,
        CancellationToken token)
    {
        using var semaphore = new SemaphoreSlim(limit);
        return await Task.WhenAll(items.Select(async item =>
        {
            await semaphore.WaitAsync(token).ConfigureAwait(false);
            try
            {
                return await operation(item, token).ConfigureAwait(false);
            }
            finally
            {
                semaphore.Release();
            }
        })).ConfigureAwait(false);
    }

    /// <summary>The fastest hand-written loop: no cancellation, no failure handling, no context.</summary>
    public static async Task<int[]> HandWrittenWorkersAsync(
        int[] items, int limit, Func<int, CancellationToken, ValueTask<int>> operation)
    {
        var results = new int[items.Length];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, limit).Select(_ => Task.Run(WorkAsync))).ConfigureAwait(false);
        return results;

        async Task WorkAsync()
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) < items.Length)
            {
                results[index] = await operation(items[index], default).ConfigureAwait(false);
            }
        }
    }

    public static async Task<int[]> DataflowAsync(
        int[] items, int limit, Func<int, CancellationToken, ValueTask<int>> operation)
    {
        var results = new int[items.Length];
        var block = new ActionBlock<int>(
            async index => results[index] = await operation(items[index], default).ConfigureAwait(false),
            new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = limit });
        for (var index = 0; index < items.Length; index++)
        {
            block.Post(index);
        }

        block.Complete();
        await block.Completion.ConfigureAwait(false);
        return results;
    }

    private static ValueTask<int> Sync(int item, CancellationToken token) => new(item + 1);

    private static async ValueTask<int> YieldAsync(int item, CancellationToken token)
    {
        await Task.Yield();
        return item + 1;
    }
}
