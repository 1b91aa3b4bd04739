using System.Threading.Channels;
using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>A source whose operations add items, 64 at once: a tree in which each node has four children. No results.
/// Time per item.</summary>
public class FanOutSelfFeeding
{
    private const int Items = 100_000;
    private const int Limit = 64;
    private const int Children = 4;
    private const string ByHand = nameof(ChannelAndCounter);

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    /// <summary>Written by hand: the channel is completed when the counter of open items reaches zero. No failure
    /// handling, no cancellation, no context.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public async Task ChannelAndCounter()
    {
        var channel = Channel.CreateUnbounded<int>();
        var open = 0;
        Add(0);
        await Task.WhenAll(Enumerable.Range(0, Limit).Select(_ => Task.Run(WorkAsync)));

        async Task WorkAsync()
        {
            while (await channel.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (channel.Reader.TryRead(out var item))
                {
                    if (Body == Body.Sync)
                    {
                        await AddChildren(item).ConfigureAwait(false);
                    }
                    else
                    {
                        await AddChildrenAsync(item).ConfigureAwait(false);
                    }

                    if (Interlocked.Decrement(ref open) == 0)
                    {
                        channel.Writer.Complete();
                    }
                }
            }
        }

        async ValueTask AddChildrenAsync(int item)
        {
            await Task.Yield();
            await AddChildren(item).ConfigureAwait(false);
        }

        ValueTask AddChildren(int item)
        {
            for (var child = (item * Children) + 1; child <= (item * Children) + Children && child < Items; child++)
            {
                Add(child);
            }

            return default;
        }

        void Add(int item)
        {
            Interlocked.Increment(ref open);
            channel.Writer.TryWrite(item);
        }
    }

    [Target("FanOutQueue source, sync body", Case = Body.Sync, Against = ByHand, TimeRatio = 1.0, ExtraBytes = 16)]
    [Target("FanOutQueue source, body yields", Case = Body.Yields, Against = ByHand, TimeRatio = 1.0, ExtraBytes = 16)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task AsyncKit()
    {
        var queue = new FanOutQueue<int>([0]);
        return queue.FanOutAsync(Limit, (item, _) => Body == Body.Sync ? AddChildren(item) : AddChildrenAsync(item));

        async ValueTask AddChildrenAsync(int item)
        {
            await Task.Yield();
            await AddChildren(item).ConfigureAwait(false);
        }

        ValueTask AddChildren(int item)
        {
            for (var child = (item * Children) + 1; child <= (item * Children) + Children && child < Items; child++)
            {
                queue.Add(child);
            }

            return default;
        }
    }
}
