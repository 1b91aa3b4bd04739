using System.Globalization;
using Xunit.Abstractions;

namespace AsyncKit.Tests;

/// <summary>Lanes on real threads: interrupts reach only their own work item, every task completes, and the limit is
/// kept and reached. A lost wake-up shows as a hang.</summary>
public sealed class BlockingLaneStressTests(NothingLeftBehind leaks, ITestOutputHelper output) : IClassFixture<NothingLeftBehind>
{
    /// <summary>The number of work items of the long run; 1,000,000 take about ten seconds.</summary>
    private const string ItemsVariable = "ASYNCKIT_STRESS_ITEMS";

    private const int ItemsByDefault = 20_000;

    private static readonly Lock Contended = new();

    [Fact]
    [Trait("Stress1M", "Lanes")]
    public async Task Random_interrupts_never_reach_a_later_work_item()
    {
        var items = Environment.GetEnvironmentVariable(ItemsVariable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : ItemsByDefault;
        var start = TimeProvider.System.GetTimestamp();
        var (interrupted, late) = await InterruptAsync(items, new Random(items));
        output.WriteLine(
            $"{items} items in {TimeProvider.System.GetElapsedTime(start)}: {interrupted} interrupted, {late} too late");
        Assert.InRange(interrupted, 1, items);
    }

    [Fact]
    [Trait(StressTime.Trait, "Lanes")]
    public Task An_interrupt_reaches_its_own_work_item_or_none() => StressTime.RunAsync(
        seed => InterruptAsync(2_000, new Random(seed)));

    [Fact]
    [Trait(StressTime.Trait, "Lanes")]
    public Task A_lane_disposed_under_load_loses_no_completion() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            await DisposeUnderLoadAsync(random, round % 2 == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(20));
        }

        leaks.Check();
    });

    [Fact]
    [Trait(StressTime.Trait, "Lanes")]
    public Task The_limit_is_kept_and_reached_while_threads_start_and_exit() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        foreach (var limit in (int[])[1, 2, 3, 8])
        {
            await LimitAsync(random, limit);
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "Lanes")]
    public Task An_enumeration_stopped_at_any_item_is_in_order_and_disposed_once() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        await using var lane = Lanes.Of(2);
        for (var round = 0; round < 50; round++)
        {
            await EnumerateAsync(lane, random);
        }

        leaks.Check();
    });

    /// <summary>Interrupts every second item before, during or after its work. The other items wait, and no interrupt
    /// may reach their waits.</summary>
    private static async Task<(int Interrupted, int Late)> InterruptAsync(int items, Random random)
    {
        const int AtOnce = 16;
        await using var lane = Lanes.Of(4);
        var (interrupted, late) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(one => Task.Run(() => WorkAsync(new Random(random.Next() + one)))))
            .WaitAsync(TimeSpan.FromMinutes(10));
        await Hang.UntilAsync(() => (lane.Active, lane.Queued) == (0, 0)); // Items cancelled before their start had a thread.
        return (interrupted, late);

        async Task WorkAsync(Random random)
        {
            for (var item = 0; item < items / AtOnce / 2; item++)
            {
                using var source = new CancellationTokenSource();
                var kind = random.Next(4);
                var spins = random.Next(200);
                var victim = lane.RunAsync(() => Victim(kind, spins), OnCancel.Interrupt, source.Token);
                var bystander = lane.RunAsync(Bystander);
                Thread.SpinWait(random.Next(600));
                await source.CancelAsync();
                try
                {
                    await victim;
                    Interlocked.Increment(ref late);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref interrupted);
                }

                await bystander; // Throws if an interrupt reached it.
            }
        }

        static void Victim(int kind, int spins)
        {
            Thread.SpinWait(spins);
            switch (kind)
            {
                case 0:
                    Thread.Sleep(1);
                    break;
                case 1:
                    Lanes.AnyWait();
                    break;
                case 2:
                    lock (Contended)
                    {
                        Thread.SpinWait(spins);
                    }

                    break;
            }
        }

        static void Bystander()
        {
            Lanes.AnyWait();
            Thread.SpinWait(50);
            Lanes.AnyWait();
        }
    }

    private static async Task DisposeUnderLoadAsync(Random random, TimeSpan idleTimeout)
    {
        const int Callers = 4;
        var lane = new BlockingLane(new BlockingLaneOptions { Name = "test", MaxThreads = 3, IdleTimeout = idleTimeout });
        using var source = new CancellationTokenSource();
        var (started, completed) = (0, 0);
        var disposeAt = random.Next(200);
        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(Call)).ToList();
        await Hang.UntilAsync(() => Volatile.Read(ref started) >= disposeAt);
        var cancelling = random.Next(3) == 0 ? source.CancelAsync() : Task.CompletedTask;
        await lane.DisposeAsync().AsTask().OrHangs();

        Assert.Equal((0, 0, 0), (lane.Threads, lane.Active, lane.Queued));
        foreach (var tasks in await Task.WhenAll(callers).OrHangs())
        {
            foreach (var task in tasks)
            {
                var thrown = await Record.ExceptionAsync(() => task.OrHangs());
                Assert.True(thrown is null or OperationCanceledException or ObjectDisposedException, $"{thrown}");
                Interlocked.Increment(ref completed);
            }
        }

        await cancelling;
        Assert.Equal(Callers * 100, completed);

        List<Task> Call() => [.. Enumerable.Range(0, 100).Select(call =>
        {
            Interlocked.Increment(ref started);
            return lane.RunAsync(() => Thread.SpinWait(100), (OnCancel)(call % 3), source.Token);
        })];
    }

    private static async Task LimitAsync(Random random, int limit)
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "test",
            MaxThreads = limit,
            IdleTimeout = TimeSpan.FromMilliseconds(random.Next(3)),
        });
        var (inside, peak, ran) = (0, 0, 0);
        using var full = new Barrier(limit);
        var meeting = Enumerable.Range(0, limit).Select(_ => lane.RunAsync(() => full.SignalAndWait())).ToList();
        await Task.WhenAll(meeting).OrHangs(); // Completes only if all run at once.
        await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(one => Task.Run(() => CallAsync(new Random(random.Next() + one))))).OrHangs();

        Assert.Equal(4 * 100, ran);
        Assert.InRange(peak, 1, limit);

        async Task CallAsync(Random random)
        {
            List<Task> calls = [];
            for (var call = 0; call < 100; call++)
            {
                calls.Add(lane.RunAsync(Work));
                if (random.Next(4) == 0)
                {
                    await calls[call];
                    Thread.SpinWait(random.Next(2_000));
                }
            }

            await Task.WhenAll(calls);
        }

        void Work()
        {
            var now = Interlocked.Increment(ref inside);
            int seen;
            while ((seen = Volatile.Read(ref peak)) < now)
            {
                Interlocked.CompareExchange(ref peak, now, seen);
            }

            Thread.SpinWait(50);
            Interlocked.Decrement(ref inside);
            Interlocked.Increment(ref ran);
        }
    }

    private static async Task EnumerateAsync(BlockingLane lane, Random random)
    {
        var count = random.Next(300);
        var stopAt = random.Next(400);
        var failAt = random.Next(3) == 0 ? random.Next(300) : int.MaxValue;
        var pauses = random.Next(2) == 0;
        var (disposals, next) = (0, 0);
        var thrown = await Record.ExceptionAsync(() => ReadAsync().OrHangs());

        Assert.True(thrown is null || (thrown is FormatException && next == failAt), $"{thrown}");
        Assert.Equal(Math.Min(Math.Min(count, failAt), stopAt), next);
        Assert.Equal(stopAt == 0 ? 0 : 1, disposals);

        async Task ReadAsync()
        {
            if (stopAt == 0)
            {
                return;
            }

            await foreach (var item in lane.Enumerate(Items()))
            {
                Assert.Equal(next, item);
                if (++next == stopAt)
                {
                    break;
                }

                if (pauses)
                {
                    await Task.Yield();
                }
            }
        }

        IEnumerable<int> Items()
        {
            try
            {
                for (var item = 0; item < count; item++)
                {
                    if (item == failAt)
                    {
                        throw new FormatException();
                    }

                    if (!pauses)
                    {
                        Thread.Yield();
                    }

                    yield return item;
                }
            }
            finally
            {
                Interlocked.Increment(ref disposals);
            }
        }
    }
}
