using System.Globalization;

namespace AsyncKit.Tests;

/// <summary>
/// Random acquire, cancel, timeout, release and resize on real threads. Permits are conserved, the limit is reached and
/// never exceeded, and every wait completes. A lost wake-up shows as a hang.
/// </summary>
public sealed class PermitStressTests : IClassFixture<NothingLeftBehind>
{
    /// <summary>The number of operations per round. Use 1,000,000 for the full test.</summary>
    private const string OperationsVariable = "ASYNCKIT_STRESS_OPERATIONS";

    private const int DefaultOperations = 4_000;
    private const int Tasks = 16;

    private static readonly int Operations =
        Environment.GetEnvironmentVariable(OperationsVariable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : DefaultOperations;

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public Task Permits_of_a_lock_are_conserved() => StressTime.RunAsync(async seed =>
    {
        var subject = new AsyncLock();
        var inside = new Inside(1);

        await RunAsync(seed, async (random, token) =>
        {
            using var lease = random.Next(8) == 0 && subject.TryAcquire(out var taken) ? taken
                : random.Next(4) == 0 ? await subject.AcquireAsync(TimeSpan.FromMilliseconds(random.Next(3)), token)
                : await subject.AcquireAsync(token);
            await inside.StayAsync(random);
            ReleaseTwice(lease, random);
        });

        Assert.Equal((false, 0), (subject.IsHeld, subject.Waiting));
        Assert.Equal(1, inside.Peak);
        Assert.True(subject.TryAcquire(out var last));
        last.Dispose();
    });

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public Task Permits_of_a_gate_are_conserved_while_its_limit_changes() => StressTime.RunAsync(async seed =>
    {
        var limit = 1 + (seed % 5);
        var subject = new ConcurrencyGate(limit);
        var inside = new Inside(limit);

        await RunAsync(seed, async (random, token) =>
        {
            if (random.Next(50) == 0)
            {
                subject.Limit = random.Next(1, limit + 1);
            }

            using var lease = random.Next(8) == 0 && subject.TryAcquire(out var taken) ? taken
                : random.Next(4) == 0 ? await subject.AcquireAsync(TimeSpan.FromMilliseconds(random.Next(3)), token)
                : await subject.AcquireAsync(token);
            await inside.StayAsync(random);
            ReleaseTwice(lease, random);
        });

        await subject.WhenIdleAsync().OrHangs();
        Assert.Equal((0, 0), (subject.Active, subject.Waiting));
        Assert.InRange(inside.Peak, 1, limit);
        subject.Limit = limit;
        var leases = new List<Lease>();
        while (subject.TryAcquire(out var lease))
        {
            leases.Add(lease);
        }

        Assert.Equal((limit, limit), (leases.Count, leases.Distinct().Count()));
        leases.ForEach(lease => lease.Dispose());
    });

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public Task Permits_of_a_gate_are_conserved_while_it_is_paused_and_resumed() => StressTime.RunAsync(async seed =>
    {
        var limit = 1 + (seed % 5);
        var subject = new ConcurrencyGate(0);
        var inside = new Inside(limit);
        using var isOver = new CancellationTokenSource();
        var toggling = Task.Run(async () =>
        {
            var random = new Random(seed);
            while (!isOver.IsCancellationRequested)
            {
                subject.Limit = random.Next(0, limit + 1);
                if (subject.Limit == 0)
                {
                    Assert.False(subject.TryAcquire(out _));
                }

                await StressTime.PauseAsync(random);
            }
        });

        await RunAsync(seed, async (random, token) =>
        {
            using var lease = random.Next(8) == 0 && subject.TryAcquire(out var taken) ? taken
                : random.Next(4) == 0 ? await subject.AcquireAsync(TimeSpan.FromMilliseconds(random.Next(3)), token)
                : await subject.AcquireAsync(token);
            await inside.StayAsync(random);
            ReleaseTwice(lease, random);
        }, minAcquired: 0);

        await isOver.CancelAsync();
        await toggling;
        subject.Limit = 0;
        await subject.WhenIdleAsync().OrHangs();
        Assert.Equal((0, 0), (subject.Active, subject.Waiting));
        subject.Limit = limit;
        var leases = new List<Lease>();
        while (subject.TryAcquire(out var lease))
        {
            leases.Add(lease);
        }

        Assert.Equal((limit, limit), (leases.Count, leases.Distinct().Count()));
        leases.ForEach(lease => lease.Dispose());
    });

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public async Task A_gate_reaches_its_limit_and_does_not_exceed_it()
    {
        var subject = new ConcurrencyGate(4);
        var inside = new TestGate();
        var users = Enumerable.Range(0, 12).Select(_ => Task.Run(async () =>
        {
            using var lease = await subject.AcquireAsync();
            await inside.PassAsync();
        })).ToArray();

        await inside.ArrivedAsync(4);
        await Hang.UntilAsync(() => subject.Waiting == 8);
        inside.Open();
        await Task.WhenAll(users).OrHangs();

        Assert.Equal(4, inside.Peak);
    }

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public Task Keys_have_one_holder_and_their_entries_are_removed() => StressTime.RunAsync(async seed =>
    {
        var subject = new KeyedLock<int>();
        var inside = Enumerable.Range(0, 4).Select(_ => new Inside(1)).ToArray();

        await RunAsync(seed, async (random, token) =>
        {
            var key = random.Next(4);
            using var lease = random.Next(8) == 0 && subject.TryAcquire(key, out var taken) ? taken
                : random.Next(4) == 0 ? await subject.AcquireAsync(key, TimeSpan.FromMilliseconds(random.Next(3)), token)
                : await subject.AcquireAsync(key, token);
            await inside[key].StayAsync(random);
            ReleaseTwice(lease, random);
        });

        Assert.Equal(0, subject.Count);
        Assert.All(inside, one => Assert.Equal(1, one.Peak));
    });

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public Task A_pool_never_exceeds_MaxSize_and_loses_no_item() => StressTime.RunAsync(async seed =>
    {
        var size = 1 + (seed % 4);
        var isPlain = seed % 2 == 1; // Rents and returns on the fast path.
        var (alive, created, disposed, excess) = (0, 0, 0, 0);
        var subject = new AsyncPool<Item>(new()
        {
            MaxSize = size,
            IdleTimeout = isPlain ? null : TimeSpan.FromMilliseconds(1 + (seed % 3)),
            Create = async token =>
            {
                excess += Interlocked.Increment(ref alive) > size ? 1 : 0;
                if (Random.Shared.Next(4) == 0)
                {
                    await Task.Yield();
                }

                if (Random.Shared.Next(20) == 0)
                {
                    Interlocked.Decrement(ref alive);
                    throw new NotSupportedException();
                }

                Interlocked.Increment(ref created);
                return new Item(() =>
                {
                    Interlocked.Increment(ref disposed);
                    Interlocked.Decrement(ref alive);
                });
            },
            Validate = isPlain || seed % 4 == 0 ? null : async (_, _) =>
            {
                await Task.Yield();
                return Random.Shared.Next(10) > 0;
            },
        });

        await RunAsync(seed, async (random, token) =>
        {
            await using var lease = random.Next(4) == 0
                ? await subject.RentAsync(TimeSpan.FromMilliseconds(random.Next(3)), token)
                : await subject.RentAsync(token);
            await lease.Value.Inside.StayAsync(random);
            if (random.Next(10) == 0)
            {
                lease.Discard();
            }

            if (random.Next(10) == 0)
            {
                await lease.DisposeAsync();
            }
        });

        await Hang.UntilAsync(() => subject.Rented == 0); // The sweep may hold a permit briefly.
        Assert.Equal(0, subject.Waiting);
        await subject.DisposeAsync().AsTask().OrHangs();
        Assert.Equal((0, 0, 0, created), (excess, alive, subject.Alive, disposed));
    });

    [Fact]
    [Trait(StressTime.Trait, "Resources")]
    public Task Each_permit_of_a_pool_is_released_by_its_holder() => StressTime.RunAsync(async _ =>
    {
        var subject = new AsyncPool<object>(new() { MaxSize = 2, Create = _ => new(new object()) });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var time = 0; time < 1_000; time++)
            {
                await using var lease = await subject.RentAsync();
                await Task.Yield();
            }
        }))).OrHangs();

        Assert.Equal((0, 0), (subject.Rented, subject.Waiting));
        await subject.DisposeAsync().AsTask().OrHangs();
    });

    private static void ReleaseTwice(Lease lease, Random random)
    {
        if (random.Next(4) == 0)
        {
            lease.Dispose(); // The caller disposes it again, perhaps while another caller holds the permit.
        }
    }

    private static async Task RunAsync(
        int seed, Func<Random, CancellationToken, Task> useAsync, int? minAcquired = null)
    {
        var (completed, acquired) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            var random = new Random((seed * 1_000) + task);
            for (var operation = 0; operation < Operations / Tasks; operation++)
            {
                var isCancelled = random.Next(3) == 0;
                using var cancellation = new CancellationTokenSource();
                var cancelling = isCancelled ? Task.Run(cancellation.Cancel) : Task.CompletedTask;
                try
                {
                    await useAsync(random, cancellation.Token);
                    Interlocked.Increment(ref acquired);
                }
                catch (Exception exception) when (exception is
                    OperationCanceledException or TimeoutException or NotSupportedException)
                {
                }

                await cancelling;
                Interlocked.Increment(ref completed);
            }
        }))).WaitAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(Operations / Tasks * Tasks, completed);
        Assert.InRange(acquired, minAcquired ?? (Operations / 3), Operations);
    }

    private sealed class Inside(int limit)
    {
        private int _inside;
        private int _peak;

        public int Peak => _peak;

        public async Task StayAsync(Random random)
        {
            var inside = Interlocked.Increment(ref _inside);
            Assert.InRange(inside, 1, limit);
            for (var peak = _peak; inside > peak; peak = _peak)
            {
                Interlocked.CompareExchange(ref _peak, inside, peak);
            }

            await StressTime.PauseAsync(random);
            Interlocked.Decrement(ref _inside);
        }
    }

    private sealed class Item(Action onDisposed) : IDisposable
    {
        public Inside Inside { get; } = new(1);

        public void Dispose() => onDisposed();
    }
}
