using System.Threading.Channels;
using System.Threading.Tasks.Dataflow;

namespace AsyncKit.Benchmarks;

/// <summary>Hand-written streams that yield results in source order during the run.</summary>
internal static class Streams
{
    public static IAsyncEnumerable<int> Dataflow(
        IEnumerable<int> items, int limit, int ahead, Func<int, CancellationToken, ValueTask<int>> operation)
    {
        var block = new TransformBlock<int, int>(
            async item => await operation(item, default).ConfigureAwait(false),
            new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = limit, BoundedCapacity = ahead });
        _ = FeedAsync();
        return block.ReceiveAllAsync();

        async Task FeedAsync()
        {
            foreach (var item in items)
            {
                await block.SendAsync(item).ConfigureAwait(false);
            }

            block.Complete();
        }
    }

    /// <summary>A channel of running tasks, bounded by the limit. The reader awaits them in order.</summary>
    public static async IAsyncEnumerable<int> ChannelOfTasksAsync(
        IEnumerable<int> items, int limit, Func<int, CancellationToken, ValueTask<int>> operation)
    {
        var channel = Channel.CreateBounded<Task<int>>(new BoundedChannelOptions(limit - 1) { SingleReader = true });
        var feeding = Task.Run(FeedAsync);
        await foreach (var task in channel.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            yield return await task.ConfigureAwait(false);
        }

        await feeding.ConfigureAwait(false);

        async Task FeedAsync()
        {
            foreach (var item in items)
            {
                await channel.Writer.WriteAsync(operation(item, default).AsTask()).ConfigureAwait(false);
            }

            channel.Writer.Complete();
        }
    }

    /// <summary>Workers that write results as they complete, not in order.</summary>
    public static async IAsyncEnumerable<int> ChannelAndWorkersAsync(
        IReadOnlyList<int> items, int limit, int ahead, Func<int, CancellationToken, ValueTask<int>> operation)
    {
        var channel = Channel.CreateBounded<int>(new BoundedChannelOptions(ahead) { SingleReader = true });
        var next = -1;
        var working = Task.WhenAll(Enumerable.Range(0, limit).Select(_ => Task.Run(WorkAsync)));
        _ = working.ContinueWith(_ => channel.Writer.Complete(), TaskScheduler.Default);
        await foreach (var result in channel.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            yield return result;
        }

        await working.ConfigureAwait(false);

        async Task WorkAsync()
        {
            int index;
            while ((index = Interlocked.Increment(ref next)) < items.Count)
            {
                var result = await operation(items[index], default).ConfigureAwait(false);
                await channel.Writer.WriteAsync(result).ConfigureAwait(false);
            }
        }
    }

    public static async IAsyncEnumerable<int> ChunksAsync(
        IEnumerable<int> items, int limit, Func<int, CancellationToken, ValueTask<int>> operation)
    {
        foreach (var chunk in items.Chunk(limit))
        {
            foreach (var result in await Task.WhenAll(chunk.Select(item => operation(item, default).AsTask()))
                .ConfigureAwait(false))
            {
                yield return result;
            }
        }
    }

    public static async Task<long> SumAsync(this IAsyncEnumerable<int> stream)
    {
        long sum = 0;
        await foreach (var result in stream.ConfigureAwait(false))
        {
            sum += result;
        }

        return sum;
    }
}
