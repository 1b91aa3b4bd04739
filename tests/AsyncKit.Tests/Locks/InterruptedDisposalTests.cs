namespace AsyncKit.Tests;

/// <summary>An interrupt that hits the disposal of a lease while it waits for an internal lock. User code holds that
/// lock: a clock or a comparer.</summary>
public sealed class InterruptedDisposalTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task An_interrupt_during_the_disposal_of_a_lease_of_a_gate_loses_no_permit()
    {
        using var holding = new BlockingGate();
        var clock = new BlockingClock(holding);
        var gate = new ConcurrencyGate(new AdaptiveLimit(1, 4) { Start = 2, Cooldown = TimeSpan.FromSeconds(1) })
        {
            TimeProvider = clock,
        };
        var (reporter, lease) = (await gate.AcquireAsync(), await gate.AcquireAsync());
        clock.Blocks = true;
        var report = Task.Run(() => reporter.Report(GateSignal.Throttled));
        await holding.ArrivedAsync(1);

        await Interrupts.CallAsync(lease.Dispose, holding);

        await report.OrHangs();
        Assert.Equal((1, 1), (gate.Active, gate.Limit));
        reporter.Dispose();
        (await gate.AcquireAsync().AsTask().OrHangs()).Dispose();
        Assert.Equal(0, gate.Active);
    }

    [Fact]
    public async Task An_interrupt_during_the_disposal_of_a_lease_of_a_keyed_lock_keeps_no_entry()
    {
        using var holding = new BlockingGate();
        var keyed = new KeyedLock<string>(new BlockingComparer(holding));
        var lease = await keyed.AcquireAsync("a");
        Lease next = default;
        var acquiring = Task.Run(() => keyed.TryAcquire("a", out next));
        await holding.ArrivedAsync(1);

        await Interrupts.CallAsync(lease.Dispose, holding);

        Assert.True(await acquiring.OrHangs());
        next.Dispose();
        Assert.Equal(0, keyed.Count);
    }

    [Fact]
    public async Task An_interrupt_during_the_return_of_an_item_loses_neither_the_item_nor_its_permit()
    {
        using var holding = new BlockingGate();
        var clock = new BlockingClock(holding);
        var pool = new AsyncPool<object>(new()
        {
            MaxSize = 2,
            Create = _ => new(new object()),
            IdleTimeout = TimeSpan.FromHours(1),
            TimeProvider = clock,
        });
        var (idle, lease) = (await pool.RentAsync(), await pool.RentAsync());
        await idle.DisposeAsync();
        clock.Blocks = true;
        var rent = Task.Run(() => pool.RentAsync().AsTask());
        await holding.ArrivedAsync(1);
        Task? disposal = null;

        await Interrupts.CallAsync(() => disposal = lease.DisposeAsync().AsTask(), holding);

        await disposal!.OrHangs();
        await (await rent.OrHangs()).DisposeAsync();
        Assert.Equal((2, 2, 0), (pool.Alive, pool.Idle, pool.Rented));
        await pool.DisposeAsync().AsTask().OrHangs();
    }

    private sealed class BlockingClock(BlockingGate gate) : TimeProvider
    {
        private bool _blocks;

        public bool Blocks
        {
            set => Volatile.Write(ref _blocks, value);
        }

        public override long GetTimestamp()
        {
            if (Volatile.Read(ref _blocks))
            {
                gate.Pass();
            }

            return base.GetTimestamp();
        }
    }

    private sealed class BlockingComparer(BlockingGate gate) : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y)
        {
            gate.Pass();
            return string.Equals(x, y, StringComparison.Ordinal);
        }

        public int GetHashCode(string obj) => obj.GetHashCode(StringComparison.Ordinal);
    }
}
