#pragma warning disable CA2012 // A call that throws returns nothing to await.

using System.Reflection;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class AsyncPoolTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Thousand = new() { Schedules = World.Schedules(1_000) };

    private readonly VirtualTime _time = new();
    private readonly List<Item> _created = [];

    [Fact]
    public async Task At_most_MaxSize_items_exist_including_those_being_created()
    {
        var gate = new TestGate();
        await using var pool = Pool(2, async token =>
        {
            await gate.PassAsync(token);
            return CreateItem();
        });
        var rents = Enumerable.Range(0, 5).Select(_ => pool.RentAsync().AsTask()).ToArray();
        await gate.ArrivedAsync(2);

        Assert.Equal((2, 2, 3), (pool.Alive, pool.Rented, pool.Waiting));
        gate.Open();
        foreach (var rent in rents)
        {
            await (await rent.OrHangs()).DisposeAsync();
        }

        Assert.Equal((2, 2, 0, 0), (pool.Alive, pool.Idle, pool.Rented, pool.Waiting));
        Assert.Equal((2, 2), (gate.Arrivals, _created.Count));
    }

    [Fact]
    public async Task The_most_recently_returned_item_is_rented_first()
    {
        await using var pool = Pool(3);
        var leases = new[] { await pool.RentAsync(), await pool.RentAsync() };
        foreach (var lease in leases)
        {
            await lease.DisposeAsync();
        }

        await using var next = await pool.RentAsync();

        Assert.Same(_created[1], next.Value);
    }

    [Fact]
    public async Task A_failed_Create_releases_its_permit_and_throws_to_the_renter()
    {
        var failure = new InvalidOperationException("no");
        var fails = true;
        await using var pool = Pool(1, _ => fails ? throw failure : new(CreateItem()));
        var rent = pool.RentAsync().AsTask();

        Assert.Same(failure, await Record.ExceptionAsync(() => rent));
        Assert.Equal((0, 0), (pool.Alive, pool.Rented));
        fails = false;
        await using (await pool.RentAsync())
        {
            Assert.Equal(1, pool.Alive);
        }

        await using var nothing = new AsyncPool<string>(new() { MaxSize = 1, Create = _ => new((string)null!) });
        await Assert.ThrowsAsync<InvalidOperationException>(() => nothing.RentAsync().AsTask());
        Assert.Equal(0, nothing.Alive);
    }

    [Fact]
    public async Task A_lease_returns_its_item_once()
    {
        await using var pool = Pool(2);
        var first = await pool.RentAsync();
        var copy = first;
        Assert.Equal(first, copy);
        await first.DisposeAsync();
        var second = await pool.RentAsync();
        Assert.True(first != second);
        Assert.Same(_created[0], second.Value);

        await first.DisposeAsync();
        await copy.DisposeAsync();
        await default(PooledLease<Item>).DisposeAsync();
        copy.Discard();
        default(PooledLease<Item>).Discard();

        Assert.Equal((1, 0), (pool.Rented, pool.Idle));
        Assert.Throws<ObjectDisposedException>(() => copy.Value);
        Assert.Throws<ObjectDisposedException>(() => default(PooledLease<Item>).Value);
        await second.DisposeAsync();
        Assert.Equal((0, 1), (pool.Rented, pool.Idle)); // The stale Discard had no effect.
    }

    [Fact]
    public async Task A_discarded_item_is_disposed_and_not_reused()
    {
        await using var pool = Pool(1);
        var lease = await pool.RentAsync();
        var wait = pool.RentAsync().AsTask();
        lease.Discard();
        await lease.DisposeAsync();

        await using var next = await wait.OrHangs();

        Assert.NotSame(_created[0], next.Value);
        Assert.Equal((1, 1), (_created[0].Disposals, pool.Alive));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_invalid_idle_item_is_disposed_and_another_is_rented(bool throws)
    {
        var validated = new List<Item>();
        await using var pool = new AsyncPool<Item>(new()
        {
            MaxSize = 3,
            Create = _ => new(CreateItem()),
            Validate = async (item, _) =>
            {
                await Task.Yield();
                validated.Add(item);
                return item == _created[0] || (throws ? throw new InvalidOperationException() : false);
            },
        });
        var leases = new[] { await pool.RentAsync(), await pool.RentAsync(), await pool.RentAsync() };
        Assert.Empty(validated); // A new item is not validated.
        foreach (var lease in leases)
        {
            await lease.DisposeAsync();
        }

        await using var next = await pool.RentAsync();

        Assert.Same(_created[0], next.Value);
        Assert.Equal([_created[2], _created[1], _created[0]], validated);
        Assert.Equal([0, 1, 1], _created.Select(item => item.Disposals));
        Assert.Equal(1, pool.Alive);
    }

    [Fact]
    public async Task Cancelling_a_renter_during_Validate_disposes_the_item_and_releases_the_permit()
    {
        using var cancellation = new CancellationTokenSource();
        await using var pool = new AsyncPool<Item>(new()
        {
            MaxSize = 1,
            Create = _ => new(CreateItem()),
            Validate = async (_, token) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _time, token);
                return true;
            },
        });
        await (await pool.RentAsync()).DisposeAsync();
        var rent = pool.RentAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent.OrHangs());

        Assert.Equal((0, 0, 1), (pool.Alive, pool.Rented, _created[0].Disposals));
    }

    [Fact]
    public async Task An_item_is_reset_before_it_is_rented_again_and_disposed_if_that_fails()
    {
        await using var pool = new AsyncPool<Item>(new()
        {
            MaxSize = 1,
            Create = _ => new(CreateItem()),
            Reset = async item =>
            {
                await Task.Yield();
                item.Resets++;
                _ = item.Resets > 1 ? throw new InvalidOperationException() : 0;
            },
        });

        await (await pool.RentAsync()).DisposeAsync();
        var again = await pool.RentAsync();
        Assert.Equal((1, 0), (again.Value.Resets, again.Value.Disposals));
        await again.DisposeAsync(); // Reset fails here; the exception is logged.
        await using var next = await pool.RentAsync();

        Assert.Equal((1, 2), (_created[0].Disposals, _created.Count));
    }

    [Fact]
    public void Idle_and_aged_items_are_disposed() =>
        AsyncTest.Run(async context =>
        {
            var created = new List<Item>();
            await using var pool = new AsyncPool<Item>(new()
            {
                MaxSize = 3,
                Create = _ => new(CreateIn(created)),
                IdleTimeout = TimeSpan.FromSeconds(10),
                MaxAge = TimeSpan.FromSeconds(25),
            });
            var (first, second) = (await pool.RentAsync(), await pool.RentAsync());
            await first.DisposeAsync();
            await context.AdvanceAsync(TimeSpan.FromSeconds(9));
            Assert.Equal((2, 1), (pool.Alive, pool.Idle));
            await context.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Equal((1, 0, 1), (pool.Alive, pool.Idle, created[0].Disposals));

            await second.DisposeAsync(); // At 10 s.
            await context.AdvanceAsync(TimeSpan.FromSeconds(8));
            second = await pool.RentAsync();
            Assert.Same(created[1], second.Value);
            await second.DisposeAsync(); // At 18 s: it expires in 7 s.
            await context.AdvanceAsync(TimeSpan.FromSeconds(6.9));
            Assert.Equal(0, created[1].Disposals);
            await context.AdvanceAsync(TimeSpan.FromSeconds(0.1));
            Assert.Equal((0, 1), (pool.Alive, created[1].Disposals));

            var third = await pool.RentAsync();
            await context.AdvanceAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(0, third.Value.Disposals); // A rented item does not expire.
            await third.DisposeAsync();
            Assert.Equal((0, 1), (pool.Alive, created[2].Disposals));
        }, new AsyncTestOptions { Schedules = 100 });

    [Fact]
    public async Task Disposing_the_pool_fails_waiters_waits_for_rented_items_and_disposes_all_items()
    {
        var pool = Pool(2);
        var (first, second) = (await pool.RentAsync(), await pool.RentAsync());
        var wait = pool.RentAsync().AsTask();
        await first.DisposeAsync();
        await (await wait.OrHangs()).DisposeAsync();
        var third = await pool.RentAsync();
        wait = pool.RentAsync().AsTask();

        var disposal = pool.DisposeAsync().AsTask();
        var again = pool.DisposeAsync().AsTask();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait.OrHangs());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync().AsTask());
        Assert.False(disposal.IsCompleted || again.IsCompleted);
        await third.DisposeAsync();
        Assert.False(disposal.IsCompleted);
        await second.DisposeAsync();
        await disposal.OrHangs();
        await again.OrHangs();
        Assert.Equal((0, 0, 0), (pool.Alive, pool.Idle, pool.Rented));
        Assert.All(_created, item => Assert.Equal(1, item.Disposals));
    }

    [Fact]
    public async Task A_failed_disposal_of_an_item_does_not_throw_to_the_renter()
    {
        var logger = new LogLines();
        var pool = new AsyncPool<Item>(
            new() { MaxSize = 1, Create = _ => new(CreateItem(throws: true)), Name = "db", Logger = logger });
        var lease = await pool.RentAsync();
        lease.Discard();

        await lease.DisposeAsync();
        await (await pool.RentAsync()).DisposeAsync();
        await pool.DisposeAsync();

        Assert.Equal(0, pool.Alive);
        Assert.All(logger.All, entry => Assert.Equal(
            (62, "AsyncPool 'db' failed to dispose an item."), (entry.Id, entry.Text)));
        Assert.Equal(2, logger.All.Count);
    }

    [Fact]
    public async Task A_logger_that_throws_loses_neither_an_item_nor_a_permit()
    {
        var logger = new LogLines { Fault = new FormatException("logger") };
        var isReset = false;
        var pool = new AsyncPool<Item>(new()
        {
            MaxSize = 1,
            Create = _ => new(CreateItem(throws: true)),
            Validate = (_, _) => throw new InvalidOperationException("validate"),
            Reset = _ => isReset ? default : throw new InvalidOperationException("reset"),
            Logger = logger,
        });
        await (await pool.RentAsync()).DisposeAsync(); // Reset and the disposal fail.
        Assert.Equal((0, 0), (pool.Alive, pool.Rented));
        isReset = true;
        await (await pool.RentAsync()).DisposeAsync();
        await using (await pool.RentAsync()) // Validate and the disposal of the idle item fail.
        {
            Assert.Equal((1, 1), (pool.Alive, pool.Rented));
        }

        await pool.DisposeAsync().AsTask().OrHangs();
        Assert.Equal(0, pool.Alive);
        Assert.Equal([61, 62, 60, 62, 62], logger.All.Select(line => line.Id));
    }

    /// <summary>A returner that has added its item and not yet released its permit. Two threads can reach that state;
    /// the test makes it with the internals.</summary>
    [Fact]
    public async Task A_sweep_that_finds_no_free_permit_is_repeated()
    {
        var pool = new AsyncPool<Item>(new()
        {
            MaxSize = 1,
            Create = _ => new(CreateItem()),
            IdleTimeout = TimeSpan.FromSeconds(10),
            TimeProvider = _time,
        });
        await (await pool.RentAsync()).DisposeAsync(); // Schedules a sweep at 10 s.
        _time.Advance(TimeSpan.FromSeconds(5));
        var lease = await pool.RentAsync();
        _time.Advance(TimeSpan.FromSeconds(4));
        var item = Field<PoolItem<Item>>(lease, "_item");
        Assert.True(Field<IdleItems<Item>>(pool, "_idle").TryAdd(item)); // At 9 s: the sweep at 10 s is soon enough.
        _time.Advance(TimeSpan.FromSeconds(1));
        await Hang.UntilAsync(() => _time.PendingTimers == 1);

        item.Permit.Dispose();
        _time.Advance(TimeSpan.FromSeconds(9));
        await Hang.UntilAsync(() => pool.Alive == 0);

        Assert.Equal((1, 0), (_created[0].Disposals, pool.Idle));
        await pool.DisposeAsync().AsTask().OrHangs();

        static T Field<T>(object owner, string name) =>
            (T)owner.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_or_times_out_acquires_no_permit()
    {
        using var cancellation = new CancellationTokenSource();
        await using var pool = new AsyncPool<Item>(
            new() { MaxSize = 1, Create = _ => new(CreateItem()), Name = "db", TimeProvider = _time });
        var lease = await pool.RentAsync(TimeSpan.FromSeconds(1));
        var timed = pool.RentAsync(TimeSpan.FromSeconds(1)).AsTask();
        var cancelled = pool.RentAsync(cancellation.Token).AsTask();
        Assert.Equal("AsyncPool 'db': 1 of 1 rented, 0 idle, 2 waiting", pool.ToString());

        _time.Advance(TimeSpan.FromSeconds(1));
        await cancellation.CancelAsync();

        var error = await Assert.ThrowsAsync<TimeoutException>(() => timed.OrHangs());
        Assert.Equal("AsyncPool 'db' was not acquired within 1 s.", error.Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        await lease.DisposeAsync();
        Assert.Equal((0, 1), (pool.Rented, pool.Idle));
    }

    [Fact]
    public void Options_out_of_range_throw()
    {
        Func<CancellationToken, ValueTask<Item>> create = _ => new(CreateItem());
        Assert.Throws<ArgumentNullException>("options", () => new AsyncPool<Item>(null!));
        Assert.Throws<ArgumentOutOfRangeException>(
            "MaxSize", () => new AsyncPoolOptions<Item> { MaxSize = 0, Create = create });
        Assert.Throws<ArgumentNullException>("Create", () => new AsyncPoolOptions<Item> { MaxSize = 1, Create = null! });
        var options = new AsyncPoolOptions<Item> { MaxSize = 1, Create = create };
        Assert.Throws<ArgumentOutOfRangeException>("IdleTimeout", () => options with { IdleTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>("MaxAge", () => options with { MaxAge = TimeSpan.FromDays(50) });
        Assert.Throws<ArgumentNullException>("TimeProvider", () => options with { TimeProvider = null! });
        Assert.Equal(
            (null, null, null, null, null), (options.IdleTimeout, options.MaxAge, options.Validate, options.Reset, options.Name));
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => _ = Pool(1).RentAsync(TimeSpan.MinValue));
    }

    [Fact]
    public void Random_use_never_exceeds_MaxSize_and_disposes_every_item_once() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            var (alive, created) = (0, new List<Item>());
            var pool = new AsyncPool<Item>(new()
            {
                MaxSize = 2,
                Create = async token =>
                {
                    Assert.InRange(++alive, 1, 2);
                    try
                    {
                        await Task.Yield();
                        token.ThrowIfCancellationRequested();
                        var item = random.Next(6) == 0 ? throw new InvalidOperationException() : CreateIn(created);
                        item.OnDisposed = () => alive--;
                        return item;
                    }
                    catch
                    {
                        alive--;
                        throw;
                    }
                },
                Validate = async (_, _) =>
                {
                    await Task.Yield();
                    return random.Next(5) > 0;
                },
                Reset = async _ =>
                {
                    await Task.Yield();
                    if (random.Next(6) == 0)
                    {
                        throw new InvalidOperationException();
                    }
                },
                IdleTimeout = TimeSpan.FromSeconds(1),
            });
            var users = Task.WhenAll(Enumerable.Range(0, 5).Select(_ => UseAsync()));
            if (random.Next(2) == 0)
            {
                await users;
            }

            await pool.DisposeAsync();
            await users;
            Assert.Equal((0, 0, 0), (alive, pool.Alive, pool.Rented));
            Assert.All(created, item => Assert.Equal((1, 0), (item.Disposals, item.Users)));

            async Task UseAsync()
            {
                using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(random.Next(1, 4)), context.Time);
                for (var use = 0; use < 2; use++)
                {
                    try
                    {
                        await using var lease = await pool.RentAsync(cancellation.Token);
                        Assert.Equal(1, ++lease.Value.Users);
                        await Task.Delay(TimeSpan.FromSeconds(random.Next(3)), context.Time, CancellationToken.None);
                        lease.Value.Users--;
                        if (random.Next(4) == 0)
                        {
                            lease.Discard();
                        }
                    }
                    catch (Exception exception) when (exception is
                        OperationCanceledException or ObjectDisposedException or InvalidOperationException)
                    {
                    }
                }
            }
        }, Thousand);

    private static Item CreateIn(List<Item> created)
    {
        var item = new Item();
        created.Add(item);
        return item;
    }

    private Item CreateItem(bool throws = false)
    {
        var item = new Item { OnDisposed = throws ? () => throw new InvalidOperationException() : null };
        _created.Add(item);
        return item;
    }

    private AsyncPool<Item> Pool(int size, Func<CancellationToken, ValueTask<Item>>? create = null) =>
        new(new() { MaxSize = size, Create = create ?? (_ => new(CreateItem())) });

    private sealed class Item : IAsyncDisposable
    {
        public int Disposals { get; private set; }

        public int Resets { get; set; }

        public int Users { get; set; }

        public Action? OnDisposed { get; set; }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Disposals++;
            OnDisposed?.Invoke();
        }
    }
}
