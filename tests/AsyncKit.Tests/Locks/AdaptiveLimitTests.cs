using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class AdaptiveLimitTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void A_limit_increases_only_on_success_under_load()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(1, 10));
        Assert.Equal(1, gate.Limit);

        Round(gate, 1, GateSignal.Success);
        Assert.Equal(2, gate.Limit); // It doubles in each round.
        Round(gate, 1, GateSignal.Success);
        Assert.Equal(2, gate.Limit); // The gate was not full.
        Round(gate, 2, GateSignal.Success);
        Assert.Equal(3, gate.Limit); // Only the first report came while the gate was full.
        Round(gate, 3, GateSignal.Ignored);
        Assert.Equal(3, gate.Limit);
        for (var round = 0; round < 20; round++)
        {
            Round(gate, gate.Limit, GateSignal.Success);
        }

        Assert.Equal(10, gate.Limit); // Never above Max.
    }

    [Fact]
    public void A_burst_of_throttling_counts_once_and_a_second_without_success_halves_the_limit()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(2, 100) { Start = 40 });
        var leases = Take(gate, 40);
        leases[0].Report(GateSignal.Success);
        Assert.Equal(41, gate.Limit);
        foreach (var lease in leases)
        {
            lease.Report(GateSignal.Throttled);
        }

        Assert.Equal(36, gate.Limit); // 0.9 of 41, once: the other leases were acquired before the decrease.
        leases.ForEach(lease => lease.Dispose());
        Round(gate, 36, GateSignal.Throttled);
        Assert.Equal(18, gate.Limit);
        for (var burst = 0; burst < 9; burst++)
        {
            Round(gate, gate.Limit, GateSignal.Throttled);
        }

        Assert.Equal(2, gate.Limit); // Never below Min.
    }

    [Fact]
    public void The_limit_increases_by_one_per_round_after_the_first_throttling()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(1, 100) { Start = 20 });
        Round(gate, 20, GateSignal.Throttled);
        Assert.Equal(10, gate.Limit);
        var successes = 0;
        while (gate.Limit == 10)
        {
            var leases = Take(gate, 10);
            leases[0].Report(GateSignal.Success);
            successes++;
            leases.ForEach(lease => lease.Dispose());
        }

        Assert.Equal(11, gate.Limit);
        Assert.InRange(successes, 10, 11);
    }

    [Fact]
    public async Task Only_the_first_report_of_a_held_lease_counts()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(1, 100) { Start = 10 });
        var lease = await gate.AcquireAsync();
        lease.Report(GateSignal.Ignored);
        lease.Report(GateSignal.Throttled);
        Assert.Equal(10, gate.Limit);
        lease.Dispose();
        lease.Report(GateSignal.Throttled);
        Assert.Equal(10, gate.Limit);
        ConcurrencyGate.Release(await gate.AcquireAsync(), GateSignal.Throttled);
        Assert.Equal((5, 0), (gate.Limit, gate.Active));
        var fixedGate = new ConcurrencyGate(10);
        ConcurrencyGate.Release(await fixedGate.AcquireAsync(), GateSignal.Throttled);
        Assert.Equal(10, fixedGate.Limit);
    }

    [Fact]
    public void The_limit_does_not_decrease_during_the_cooldown()
    {
        var time = new VirtualTime();
        var gate = new ConcurrencyGate(
            new AdaptiveLimit(1, 100) { Start = 64, Cooldown = TimeSpan.FromSeconds(1) })
        {
            TimeProvider = time,
        };
        Round(gate, 1, GateSignal.Throttled);
        Round(gate, 1, GateSignal.Throttled);
        Assert.Equal(32, gate.Limit);
        time.Advance(TimeSpan.FromSeconds(1));
        Round(gate, 1, GateSignal.Throttled);
        Assert.Equal(16, gate.Limit);
    }

    [Fact]
    public void An_adaptive_gate_continues_from_a_limit_that_is_set()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(2, 50)) { Limit = 30 };
        Round(gate, 1, GateSignal.Throttled);
        Assert.Equal(15, gate.Limit);
        Assert.Throws<ArgumentOutOfRangeException>(() => gate.Limit = 51);
        Assert.Throws<ArgumentOutOfRangeException>(() => gate.Limit = 1);
    }

    [Fact]
    public void Values_out_of_range_throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>("min", () => new AdaptiveLimit(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>("max", () => new AdaptiveLimit(5, 4));
        Assert.Throws<ArgumentOutOfRangeException>("max", () => new AdaptiveLimit(5, 100_001));
        Assert.Throws<ArgumentOutOfRangeException>("Start", () => new AdaptiveLimit(5, 10) { Start = 4 });
        Assert.Throws<ArgumentOutOfRangeException>("Start", () => new AdaptiveLimit(5, 10) { Start = 11 });
        Assert.Throws<ArgumentOutOfRangeException>("DecreaseTo", () => new AdaptiveLimit(1, 2) { DecreaseTo = 1 });
        Assert.Throws<ArgumentOutOfRangeException>("DecreaseTo", () => new AdaptiveLimit(1, 2) { DecreaseTo = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(
            "Cooldown", () => new AdaptiveLimit(1, 2) { Cooldown = TimeSpan.FromTicks(-1) });
        var defaults = new AdaptiveLimit(3, 7);
        Assert.Equal((3, 7, 3, 0.9, TimeSpan.Zero), (defaults.Min, defaults.Max, defaults.Start, defaults.DecreaseTo, defaults.Cooldown));
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(200, 10)]
    [InlineData(1, 100)]
    [InlineData(200, 100)]
    public void The_limit_settles_at_the_capacity_of_a_server_and_again_when_that_halves(
        int start, int refusalMilliseconds) =>
        AsyncTest.Run(async context =>
        {
            const int Callers = 250;
            var gate = new ConcurrencyGate(new AdaptiveLimit(1, 200) { Start = start });
            var (capacity, busy, sent) = (40, 0, 0);
            var (succeeded, throttled, lowest, highest) = (0, 0, int.MaxValue, 0);
            var isStopped = false;
            var callers = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync()));

            await UntilAsync(1_000);
            await MeasureAsync(40, 32, 44);
            capacity = 20;
            await UntilAsync(sent + 1_000);
            await MeasureAsync(20, 16, 22);
            isStopped = true;
            await callers;
            Assert.Equal((0, 0), (gate.Active, busy));

            async Task UntilAsync(int requests)
            {
                while (sent < requests)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(10), context.Time, CancellationToken.None);
                }
            }

            async Task MeasureAsync(int concurrency, int from, int to)
            {
                (succeeded, throttled, lowest, highest) = (0, 0, int.MaxValue, 0);
                var startedAt = context.Time.Elapsed;
                await UntilAsync(sent + 2_000);
                var best = concurrency * (context.Time.Elapsed - startedAt) / TimeSpan.FromMilliseconds(100);
                Assert.InRange(lowest, from, to);
                Assert.InRange(highest, from, to);
                Assert.InRange(succeeded / best, 0.9, 1.05);
                Assert.InRange(throttled / (double)(throttled + succeeded), 0, 0.03);
            }

            async Task CallAsync()
            {
                while (!isStopped)
                {
                    using var lease = await gate.AcquireAsync();
                    sent++;
                    if (busy >= capacity)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(refusalMilliseconds), context.Time, CancellationToken.None);
                        throttled++;
                        lease.Report(GateSignal.Throttled);
                    }
                    else
                    {
                        busy++;
                        await Task.Delay(TimeSpan.FromMilliseconds(80 + context.Random.Next(41)), context.Time, CancellationToken.None);
                        busy--;
                        succeeded++;
                        lease.Report(GateSignal.Success);
                    }

                    (lowest, highest) = (Math.Min(lowest, gate.Limit), Math.Max(highest, gate.Limit));
                }
            }
        }, new AsyncTestOptions { Schedules = 1 });

    private static List<Lease> Take(ConcurrencyGate gate, int many)
    {
        var leases = new List<Lease>();
        for (var one = 0; one < many; one++)
        {
            Assert.True(gate.TryAcquire(out var lease));
            leases.Add(lease);
        }

        return leases;
    }

    private static void Round(ConcurrencyGate gate, int many, GateSignal signal) =>
        Take(gate, many).ForEach(lease => ConcurrencyGate.Release(lease, signal));
}
