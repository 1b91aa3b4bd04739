#pragma warning disable CA2012 // A call that throws returns nothing to await.

using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class KeyedLockTests : IClassFixture<NothingLeftBehind>
{
    private readonly KeyedLock<string> _lock = new(StringComparer.OrdinalIgnoreCase);

    [Fact]
    public async Task The_same_key_is_held_once_and_different_keys_do_not_wait_for_each_other()
    {
        var first = await _lock.AcquireAsync("a");
        var other = await _lock.AcquireAsync("b");
        Assert.False(_lock.TryAcquire("A", out _));
        var wait = _lock.AcquireAsync("A").AsTask();
        Assert.False(wait.IsCompleted);
        Assert.Equal("KeyedLock: 2 keys, 1 waiting", _lock.ToString());

        first.Dispose();
        (await wait.OrHangs()).Dispose();
        Assert.Equal("KeyedLock: 1 key", _lock.ToString());
        other.Dispose();
        Assert.Equal(0, _lock.Count);
    }

    [Fact]
    public async Task A_key_uses_memory_only_while_a_caller_holds_it_or_waits_for_it()
    {
        using var cancellation = new CancellationTokenSource();
        var lease = await _lock.AcquireAsync("a");
        var cancelled = _lock.AcquireAsync("a", cancellation.Token).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => _lock.AcquireAsync("a", TimeSpan.Zero).AsTask());
        Assert.Equal(1, _lock.Count);
        lease.Dispose();
        (await cancelled.OrHangs()).Dispose();
        Assert.Equal(0, _lock.Count);

        lease = await _lock.AcquireAsync("a");
        cancelled = _lock.AcquireAsync("a", cancellation.Token).AsTask();
        lease.Dispose();
        lease.Dispose();
        await cancellation.CancelAsync();
        (await cancelled.OrHangs()).Dispose(); // Granted before the cancellation.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _lock.AcquireAsync("a", cancellation.Token).AsTask());
        Assert.Equal(0, _lock.Count);

        lease = await _lock.AcquireAsync("a");
        using var late = new CancellationTokenSource();
        cancelled = _lock.AcquireAsync("a", late.Token).AsTask();
        await late.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        Assert.Equal(1, _lock.Count);
        lease.Dispose();
        Assert.Equal(0, _lock.Count);
    }

    [Fact]
    public async Task A_disposed_lease_of_one_key_does_not_release_another_key()
    {
        var old = await _lock.AcquireAsync("a");
        old.Dispose();
        var lease = await _lock.AcquireAsync("b"); // May reuse the entry of "a".

        old.Dispose();

        Assert.True(lease.IsHeld);
        Assert.Equal(1, _lock.Count);
        lease.Dispose();
    }

    [Fact]
    public async Task A_comparer_that_throws_during_disposal_throws_to_no_caller_and_keeps_the_key_usable()
    {
        var comparer = new FaultyComparer();
        var keyed = new KeyedLock<string>(comparer);
        var lease = await keyed.AcquireAsync("a");
        comparer.IsBad = true;
        lease.Dispose();
        Assert.Throws<FormatException>(() => keyed.TryAcquire("a", out _));
        comparer.IsBad = false;

        Assert.True(keyed.TryAcquire("b", out var other)); // Must not share the entry of "a".
        Assert.True(keyed.TryAcquire("a", out lease));
        Assert.False(keyed.TryAcquire("a", out _));
        lease.Dispose();
        Assert.True(other.IsHeld);
        other.Dispose();
        Assert.Equal(0, keyed.Count);
    }

    [Fact]
    public async Task Ten_thousand_keys_can_be_held_at_once_and_all_are_removed()
    {
        var keyed = new KeyedLock<int>();
        var leases = new List<Lease>();
        for (var key = 0; key < 10_000; key++)
        {
            leases.Add(await keyed.AcquireAsync(key));
        }

        Assert.Equal(10_000, keyed.Count);
        Assert.False(keyed.TryAcquire(5_000, out _));
        leases.ForEach(lease => lease.Dispose());
        Assert.Equal(0, keyed.Count);
    }

    [Fact]
    public async Task Arguments_out_of_range_throw_at_the_call()
    {
        Assert.Throws<ArgumentNullException>("key", () => _ = _lock.AcquireAsync(null!));
        Assert.Throws<ArgumentNullException>("key", () => _lock.TryAcquire(null!, out _));
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => _ = _lock.AcquireAsync("a", TimeSpan.FromDays(99)));
        Assert.Throws<ArgumentNullException>(() => new KeyedLock<int> { TimeProvider = null! });
        Assert.Equal(0, _lock.Count);

        var time = new VirtualTime();
        var timed = new KeyedLock<int> { TimeProvider = time };
        using var lease = await timed.AcquireAsync(1);
        var wait = timed.AcquireAsync(1, TimeSpan.FromSeconds(1)).AsTask();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            "KeyedLock was not acquired within 1 s.",
            (await Assert.ThrowsAsync<TimeoutException>(() => wait.OrHangs())).Message);
    }

    [Fact]
    public void Random_cancellations_leave_one_holder_per_key_and_remove_all_entries() =>
        AsyncTest.Run(async context =>
        {
            var keyed = new KeyedLock<int>();
            var inside = new int[2];
            await Task.WhenAll(Enumerable.Range(0, 6).Select(number => WorkAsync(number % 2)));
            Assert.Equal(0, keyed.Count);

            async Task WorkAsync(int key)
            {
                await Task.Yield();
                using var cancellation = new CancellationTokenSource();
                var cancelling = cancellation.CancelAfterYieldsAsync(context.Random.Next(4));
                try
                {
                    using var lease = await keyed.AcquireAsync(key, cancellation.Token);
                    Assert.Equal(1, ++inside[key]);
                    await Task.Yield();
                    inside[key]--;
                }
                catch (OperationCanceledException)
                {
                }

                await cancelling;
            }
        }, new AsyncTestOptions { Schedules = World.Schedules(1_000) });

    private sealed class FaultyComparer : IEqualityComparer<string>
    {
        public bool IsBad { get; set; }

        public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

        public int GetHashCode(string obj) =>
            IsBad ? throw new FormatException("comparer") : obj.GetHashCode(StringComparison.Ordinal);
    }
}
