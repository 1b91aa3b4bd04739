using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace AsyncKit.Tests;

/// <summary>Streams on real threads: every item once and in order, within the look-ahead, and no waiter forgotten. A
/// lost wake-up shows as a hang.</summary>
public sealed class FanOutStreamStressTests(NothingLeftBehind leaks, ITestOutputHelper output) : IClassFixture<NothingLeftBehind>
{
    /// <summary>The number of items of the long stream; 10,000,000 take a few seconds in Release.</summary>
    private const string ItemsVariable = "ASYNCKIT_STRESS_ITEMS";

    private const int ItemsByDefault = 200_000;
    private const int Lookahead = 32;
    private const long MostGrowth = 4 << 20;

    [Fact]
    [Trait(StressTime.Trait, "Streams")]
    public Task The_ring_buffer_yields_every_position_once_and_wakes_the_reader() => StressTime.RunAsync(async seed =>
    {
        foreach (var lookahead in (int[])[0, 1, 2, 3, 4, 7, 100])
        {
            await HandOverAsync(lookahead, seed, positions: 2_000, StressTime.PauseAsync).OrHangs();
            await HandOverAsync(lookahead, seed, positions: 20_000, HardlyAsync).OrHangs();
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "Streams")]
    public Task Every_item_is_yielded_once_and_in_order_by_every_kind_of_reader() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        for (var one = 0; one < 50; one++)
        {
            await Task.Run(() => StreamAsync(random)).OrHangs();
        }

        leaks.Check();
    });

    [Fact]
    [Trait("Stress10M", "Streams")]
    public async Task A_long_stream_stays_in_order_with_constant_memory()
    {
        var items = Environment.GetEnvironmentVariable(ItemsVariable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : ItemsByDefault;
        var random = new Random(items);
        var options = new FanOutOptions { MaxConcurrency = 4, Lookahead = Lookahead };
        var (next, early, pauseAt, started) = (0, 0L, 0, 0);
        var start = TimeProvider.System.GetTimestamp();

        await foreach (var result in Enumerable.Range(0, items).FanOutStream(options, RunAsync))
        {
            if (result != next)
            {
                Assert.Equal(next, result);
            }

            next++;
            if (next > pauseAt)
            {
                pauseAt = next + random.Next(2_000);
                if (random.Next(4) == 0)
                {
                    // Until the look-ahead is used up. Then no further item starts.
                    var full = (int)Math.Min((long)next + Lookahead, items);
                    await Hang.UntilAsync(() => Volatile.Read(ref started) >= full);
                    Assert.Equal(full, Volatile.Read(ref started));
                }
                else
                {
                    await StressTime.PauseAsync(random);
                }
            }

            if (next % Math.Max(items / 10, 1) == 0)
            {
                var live = GC.GetTotalMemory(forceFullCollection: true);
                early = early == 0 ? live : early;
                output.WriteLine($"{next} items after {TimeProvider.System.GetElapsedTime(start)}: {live} bytes live");
                Assert.InRange(live - early, long.MinValue, MostGrowth);
            }
        }

        Assert.Equal(items, next);

        ValueTask<int> RunAsync(int item, CancellationToken token)
        {
            Interlocked.Increment(ref started);
            return item % 64 == 0 ? LaterAsync(item) : new ValueTask<int>(item);
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        static async ValueTask<int> LaterAsync(int item)
        {
            await Task.Yield();
            return item;
        }
    }

    private static async Task HandOverAsync(int lookahead, int seed, int positions, Func<Random, ValueTask> pauseAsync)
    {
        var handOver = new OrderedRingBuffer<int>(lookahead);
        var starting = Task.Run(() => StartAsync(new Random(seed)));
        var reading = Task.Run(() => ReadAsync(new Random(~seed)));

        Assert.Equal(positions, await starting);
        Assert.Equal([.. Enumerable.Range(0, positions).Where(position => !IsGap(position))], await reading);

        static bool IsGap(int position) => position % 17 is 3 or 4;

        async Task<int> StartAsync(Random random)
        {
            for (var position = 0; position < positions; position++)
            {
                for (var spins = random.Next(40); spins > 0 && !handOver.MayStart(position); spins--)
                {
                    Thread.SpinWait(1);
                }

                if (!handOver.MayStart(position))
                {
                    await handOver.UntilMayStartAsync(position);
                    Assert.True(handOver.MayStart(position));
                }

                await pauseAsync(random);
                if (IsGap(position))
                {
                    handOver.PutGap(position);
                }
                else
                {
                    handOver.Put(position, position);
                }
            }

            handOver.End();
            return positions;
        }

        async Task<List<int>> ReadAsync(Random random)
        {
            List<int> read = [];
            while (true)
            {
                var hasEnded = handOver.HasEnded;
                if (handOver.TryRead(out var value))
                {
                    read.Add(value);
                    await pauseAsync(random);
                    handOver.Advance();
                }
                else if (hasEnded)
                {
                    return read;
                }
                else
                {
                    await handOver.UntilReadableAsync();
                }
            }
        }
    }

    private static async Task StreamAsync(Random random)
    {
        var count = random.Next(200);
        var (failEvery, leaveAt, cancelAt) = (Often(random, 20), Often(random, 200), Often(random, 200));
        var areOutcomes = random.Next(2) == 0;
        var source = new ProbedSource(count);
        var (started, running, requested, failed, tooEarly) = (0, 0, 0, 0, 0);
        using var cts = new CancellationTokenSource();
        var options = new FanOutOptions
        {
            MaxConcurrency = random.Next(4) == 0 ? int.MaxValue : random.Next(1, 9),
            Lookahead = random.Next(4) == 0 ? 0 : random.Next(12),
            OnFailure = (FailureMode)random.Next(2),
            Order = (FanOutOrder)random.Next(2),
        };
        var lookahead = options.Lookahead.Value;
        var stream = random.Next(2) == 0
            ? source.FanOutOutcomes(options, RunAsync, cts.Token)
            : source.AsAsync().FanOutOutcomes(options, RunAsync, cts.Token);
        var results = random.Next(2) == 0
            ? source.FanOutStream(options, RunAsync, cts.Token)
            : source.AsAsync().FanOutStream(options, RunAsync, cts.Token);
        List<int> indexes = [];

        Exception? failure = null;
        try
        {
            if (areOutcomes)
            {
                await ReadAsync(stream, outcome => outcome.Index);
            }
            else
            {
                await ReadAsync(results, result => result);
                Assert.DoesNotContain(indexes, IsFailing);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or FormatException or FanOutException)
        {
            failure = exception;
        }

        Assert.Equal(0, running);
        Assert.Equal(source.Enumerated, source.Disposed);
        Assert.Equal(0, tooEarly);
        Assert.InRange(source.Pulled, started, MayBeStarted());
        Assert.Equal(indexes.Count, indexes.Distinct().Count());
        if (options.Order == FanOutOrder.Source)
        {
            Assert.Equal(indexes.Order(), indexes);
        }

        if (failure is null && leaveAt >= count && failEvery > count)
        {
            Assert.Equal(Enumerable.Range(0, count), indexes.Order());
        }

        // The reader skips failed items, unless it reads outcomes.
        long MayBeStarted() => requested == 0
            ? 0
            : (long)Volatile.Read(ref requested) + lookahead + (areOutcomes ? 0 : Volatile.Read(ref failed));

        bool IsFailing(int item) => (item + 1) % failEvery == 0;

        async Task ReadAsync<TValue>(IAsyncEnumerable<TValue> values, Func<TValue, int> indexOf)
        {
            await using var reader = values.GetAsyncEnumerator(CancellationToken.None);
            while (indexes.Count < leaveAt)
            {
                Interlocked.Increment(ref requested);
                if (!await reader.MoveNextAsync())
                {
                    break;
                }

                indexes.Add(indexOf(reader.Current));
                await StressTime.PauseAsync(random);
            }
        }

        async ValueTask<int> RunAsync(int item, CancellationToken token)
        {
            Interlocked.Increment(ref started);
            Interlocked.Increment(ref running);
            Interlocked.Add(ref tooEarly, item < MayBeStarted() ? 0 : 1);
            try
            {
                var pauses = new Random(item);
                await StressTime.PauseAsync(pauses);
                if (item == cancelAt)
                {
                    await cts.CancelAsync();
                }

                await StressTime.PauseAsync(pauses);
                if (!IsFailing(item))
                {
                    return item;
                }

                Interlocked.Increment(ref failed);
                throw new FormatException();
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }
    }

    private static int Often(Random random, int most) => random.Next(2) == 0 ? int.MaxValue : random.Next(1, most);

    private static ValueTask HardlyAsync(Random random)
    {
        Thread.SpinWait(random.Next(20));
        return default;
    }
}
