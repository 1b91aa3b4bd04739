using System.Text;
using System.Threading.Channels;

namespace AsyncKit.Testing.Tests;

/// <summary>Test bodies that return the order in which they ran.</summary>
internal static class Traces
{
    /// <summary>Runs tasks that interleave in all ways, with at most one work item at a time on the thread pool.</summary>
    public static async Task<string> AllAsync(AsyncTestContext context, int rounds)
    {
        var log = new StringBuilder();
        var channel = Channel.CreateBounded<int>(2);
        using var semaphore = new SemaphoreSlim(1);
        using var source = new CancellationTokenSource();
        using var stop = new CancellationTokenSource();
        var turns = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource()).ToList();
        var stopped = StoppedAsync();
        await Task.WhenAll(
            YieldAsync('a'),
            YieldAsync('b'),
            YieldAsync('c'),
            ProduceAsync('p'),
            ProduceAsync('q'),
            ConsumeAsync(),
            LockAsync('x'),
            LockAsync('y'),
            DelayAsync('d'),
            DelayAsync('e'),
            TurnsAsync(),
            PoolAsync());
        await source.CancelAsync();
        await stopped;
        return log.ToString();

        async Task YieldAsync(char name)
        {
            for (var i = 0; i < rounds; i++)
            {
                log.Append(name).Append(i);
                await Task.Yield();
            }

            turns[name - 'a'].SetResult();
        }

        async Task ProduceAsync(char name)
        {
            for (var i = 0; i < rounds; i++)
            {
                await channel.Writer.WriteAsync(name, stop.Token);
                log.Append(name);
            }
        }

        async Task ConsumeAsync()
        {
            for (var i = 0; i < 2 * rounds; i++)
            {
                log.Append('<').Append((char)await channel.Reader.ReadAsync(stop.Token));
            }
        }

        async Task LockAsync(char name)
        {
            for (var i = 0; i < rounds; i++)
            {
                await semaphore.WaitAsync(stop.Token);
                log.Append('[').Append(name);
                await Task.Yield();
                log.Append(']');
                semaphore.Release();
            }
        }

        async Task DelayAsync(char name)
        {
            for (var i = 0; i < rounds; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(context.Random.Next(1, 5)), context.Time, stop.Token);
                log.Append(name).Append(context.Time.Elapsed.TotalSeconds);
            }
        }

        async Task TurnsAsync()
        {
            await Task.WhenAll(turns.Select(turn => turn.Task));
            log.Append('t');
        }

        async Task PoolAsync()
        {
            for (var i = 0; i < rounds; i++)
            {
                await Task.Run(() => log.Append('r'));
                log.Append('R');
                await FalseAsync();
                log.Append('F');
            }
        }

        async Task FalseAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(1), context.Time, stop.Token).ConfigureAwait(false);
            log.Append('f');
        }

        async Task StoppedAsync()
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, source.Token);
            }
            catch (OperationCanceledException)
            {
                log.Append('!');
            }
        }
    }
}
