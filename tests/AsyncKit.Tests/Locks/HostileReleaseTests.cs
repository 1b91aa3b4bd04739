#pragma warning disable CA2012 // A waiter that never gets its result is the subject.

namespace AsyncKit.Tests;

/// <summary>Releasing never throws and loses nothing, even if a context or a clock throws.</summary>
public sealed class HostileReleaseTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<string, Func<IAcquirable>> Subjects() => new()
    {
        { "lock", () => new OfLock(new AsyncLock()) },
        { "key", () => new OfKey(new KeyedLock<int>()) },
        { "gate", () => new OfGate(new ConcurrencyGate(1)) },
    };

    public static TheoryData<string, Func<TimeProvider, IAcquirable>> SubjectsWithClock() => new()
    {
        { "lock", clock => new OfLock(new AsyncLock { TimeProvider = clock }) },
        { "key", clock => new OfKey(new KeyedLock<int> { TimeProvider = clock }) },
        { "gate", clock => new OfGate(new ConcurrencyGate(1) { TimeProvider = clock }) },
    };

    [Theory]
    [MemberData(nameof(Subjects), DisableDiscoveryEnumeration = true)]
    public async Task A_waiter_whose_context_rejects_it_loses_no_permit_and_no_waiter(string name, Func<IAcquirable> create)
    {
        var subject = create();
        var lease = await subject.AcquireAsync(Timeout.InfiniteTimeSpan, default);
        var isContinued = false;
        RejectingContext.Call(() =>
        {
            var lost = subject.AcquireAsync(Timeout.InfiniteTimeSpan, default).GetAwaiter();
            lost.OnCompleted(() => isContinued = true);
            return lost;
        });
        var next = subject.AcquireAsync(Timeout.InfiniteTimeSpan, default).AsTask();

        lease.Dispose();

        (await next.OrHangs()).Dispose();
        Assert.False(isContinued, name);
        Assert.True(subject.IsFree, name);
    }

    [Theory]
    [MemberData(nameof(Subjects), DisableDiscoveryEnumeration = true)]
    public async Task A_cancelled_waiter_whose_context_rejects_it_throws_to_no_caller(string name, Func<IAcquirable> create)
    {
        var subject = create();
        using var cancellation = new CancellationTokenSource();
        var lease = await subject.AcquireAsync(Timeout.InfiniteTimeSpan, default);
        RejectingContext.Call(() =>
        {
            var lost = subject.AcquireAsync(Timeout.InfiniteTimeSpan, cancellation.Token).GetAwaiter();
            lost.OnCompleted(() => { });
            return lost;
        });

        await cancellation.CancelAsync(); // Would throw what the context throws.

        lease.Dispose();
        Assert.True(subject.IsFree, name);
    }

    [Theory]
    [MemberData(nameof(SubjectsWithClock), DisableDiscoveryEnumeration = true)]
    public async Task A_clock_that_throws_fails_the_wait_and_loses_no_permit(
        string name, Func<TimeProvider, IAcquirable> create)
    {
        var clock = new MoodyClock();
        var subject = create(clock);
        var lease = await subject.AcquireAsync(Minute, default);
        clock.IsBad = true;
        var withoutTimer = await Record.ExceptionAsync(() => WaitAsync(subject));
        clock.IsBad = false;
        clock.IsBadTimer = true;
        var notStarted = await Record.ExceptionAsync(() => WaitAsync(subject));
        clock.IsBadTimer = false;
        var waiting = subject.AcquireAsync(Minute, default).AsTask();
        clock.IsBadTimer = true; // The timer also throws when it is disposed.

        lease.Dispose();

        (await waiting.OrHangs()).Dispose();
        Assert.Equal(["clock", "clock"], new[] { withoutTimer!.Message, notStarted!.Message });
        Assert.True(subject.IsFree, name);
    }

    [Fact]
    public async Task A_clock_that_throws_loses_neither_an_item_of_a_pool_nor_its_permit()
    {
        var clock = new MoodyClock();
        var (created, disposed) = (0, 0);
        var pool = new AsyncPool<IDisposable>(new()
        {
            MaxSize = 2,
            IdleTimeout = Minute,
            MaxAge = Minute,
            TimeProvider = clock,
            Create = _ =>
            {
                created++;
                return new(new Item(() => disposed++));
            },
        });
        var (one, other) = (await pool.RentAsync(), await pool.RentAsync());
        clock.IsBadTimer = true;
        await one.DisposeAsync();
        clock.IsBadTimer = false;
        clock.IsBad = true;
        await other.DisposeAsync(); // Counts as expired.
        Assert.Equal((1, 0, 1), (pool.Idle, pool.Rented, disposed));

        var third = await pool.RentAsync(); // The idle item counts as expired, too.
        Assert.Equal((3, 2), (created, disposed));
        await third.DisposeAsync();
        await pool.DisposeAsync().AsTask().OrHangs();

        Assert.Equal((0, 3), (pool.Alive, disposed));
    }

    private static async Task WaitAsync(IAcquirable subject) => await subject.AcquireAsync(Minute, default).AsTask().OrHangs();

    public interface IAcquirable
    {
        bool IsFree { get; }

        ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken token);
    }

    private sealed class OfLock(AsyncLock subject) : IAcquirable
    {
        public bool IsFree => !subject.IsHeld && subject.Waiting == 0;

        public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken token) => subject.AcquireAsync(timeout, token);
    }

    private sealed class OfKey(KeyedLock<int> subject) : IAcquirable
    {
        public bool IsFree => subject.Count == 0;

        public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken token) => subject.AcquireAsync(1, timeout, token);
    }

    private sealed class OfGate(ConcurrencyGate subject) : IAcquirable
    {
        public bool IsFree => (subject.Active, subject.Waiting) == (0, 0);

        public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken token) => subject.AcquireAsync(timeout, token);
    }

    private sealed class Item(Action onDisposed) : IDisposable
    {
        public void Dispose() => onDisposed();
    }
}
