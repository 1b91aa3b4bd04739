#pragma warning disable CA2012 // A call that throws returns nothing to await.

using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class ConcurrencyGateTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Thousand = new() { Schedules = World.Schedules(1_000) };

    [Fact]
    public async Task The_limit_is_reached_and_never_exceeded()
    {
        var gate = new ConcurrencyGate(3);
        var leases = new List<Lease>();
        for (var one = 0; one < 3; one++)
        {
            leases.Add(await gate.AcquireAsync());
        }

        Assert.Equal((3, 3, 0), (gate.Active, gate.Limit, gate.Waiting));
        Assert.False(gate.TryAcquire(out _));
        var waits = Enumerable.Range(0, 2).Select(_ => gate.AcquireAsync().AsTask()).ToArray();
        leases[1].Dispose();
        leases[1].Dispose();
        var first = await waits[0].OrHangs();
        Assert.False(waits[1].IsCompleted);
        Assert.Equal((3, 1), (gate.Active, gate.Waiting));

        leases.ForEach(lease => lease.Dispose());
        (await waits[1].OrHangs()).Dispose();
        first.Dispose();
        Assert.Equal((0, 0), (gate.Active, gate.Waiting));
    }

    [Fact]
    public async Task Raising_the_limit_releases_waiters_and_lowering_it_lets_active_operations_finish()
    {
        var gate = new ConcurrencyGate(1);
        var leases = new List<Lease> { await gate.AcquireAsync() };
        var waits = Enumerable.Range(0, 5).Select(_ => gate.AcquireAsync().AsTask()).ToArray();

        gate.Limit = 4;
        leases.AddRange(await Task.WhenAll(waits.Take(3)).OrHangs());
        Assert.Equal((4, 2), (gate.Active, gate.Waiting));

        gate.Limit = 2;
        Assert.All(leases, lease => Assert.True(lease.IsHeld));
        leases[0].Dispose();
        leases[1].Dispose();
        Assert.Equal((2, 2), (gate.Active, gate.Waiting));
        Assert.False(gate.TryAcquire(out _));
        leases[2].Dispose();
        var next = await waits[3].OrHangs();
        Assert.Equal((2, 1), (gate.Active, gate.Waiting));

        leases[3].Dispose();
        next.Dispose();
        (await waits[4].OrHangs()).Dispose();
        Assert.Equal(0, gate.Active);
    }

    [Fact]
    public async Task A_paused_gate_admits_and_refuses_no_caller_and_releases_waiters_in_order()
    {
        var gate = new ConcurrencyGate(0) { Name = "api" };
        var waits = Enumerable.Range(0, 5).Select(_ => gate.AcquireAsync().AsTask()).ToArray();

        Assert.False(gate.TryAcquire(out _));
        await Assert.ThrowsAsync<TimeoutException>(() => gate.AcquireAsync(TimeSpan.Zero).AsTask());
        Assert.Equal("ConcurrencyGate 'api': 0 of 0 active, 5 waiting", gate.ToString());
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));

        gate.Limit = 2;
        var leases = await Task.WhenAll(waits.Take(2)).OrHangs();
        Assert.All(waits.Skip(2), wait => Assert.False(wait.IsCompleted));

        gate.Limit = 0; // Pauses again; what is active continues.
        Assert.All(leases, lease => Assert.True(lease.IsHeld));
        var idle = gate.WhenIdleAsync();
        leases[0].Dispose();
        Assert.False(idle.IsCompleted);
        leases[1].Dispose();
        await idle.OrHangs();
        Assert.Equal((0, 3), (gate.Active, gate.Waiting));

        gate.Limit = 1;
        foreach (var wait in waits.Skip(2))
        {
            (await wait.OrHangs()).Dispose();
        }

        Assert.Equal((0, 0), (gate.Active, gate.Waiting));
    }

    [Fact]
    public async Task A_wait_at_a_paused_gate_is_cancelled_or_times_out_like_any_other()
    {
        var time = new VirtualTime();
        var gate = new ConcurrencyGate(0) { TimeProvider = time };
        using var cancellation = new CancellationTokenSource();
        var cancelled = gate.AcquireAsync(cancellation.Token).AsTask();
        var timed = gate.AcquireAsync(TimeSpan.FromSeconds(1)).AsTask();

        await cancellation.CancelAsync();
        time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        await Assert.ThrowsAsync<TimeoutException>(() => timed.OrHangs());
        gate.Limit = 1;
        Assert.True(gate.TryAcquire(out var lease));
        lease.Dispose();
    }

    [Fact]
    public async Task An_adaptive_gate_stays_paused_until_a_limit_is_set()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(2, 8) { Start = 4 });
        var leases = new List<Lease>();
        for (var one = 0; one < 4; one++)
        {
            leases.Add(await gate.AcquireAsync());
        }

        var wait = gate.AcquireAsync().AsTask();
        gate.Limit = 0;
        leases[0].Report(GateSignal.Success);
        leases[1].Report(GateSignal.Throttled);
        leases.ForEach(lease => lease.Dispose());
        Assert.Equal((0, 0, 1), (gate.Limit, gate.Active, gate.Waiting));
        Assert.False(wait.IsCompleted);

        gate.Limit = 3;
        using var last = await wait.OrHangs();
        last.Report(GateSignal.Throttled);
        Assert.Equal(2, gate.Limit);
    }

    [Fact]
    public async Task WhenIdleAsync_completes_when_no_lease_is_held()
    {
        using var cancellation = new CancellationTokenSource();
        var gate = new ConcurrencyGate(2);
        Assert.True(gate.WhenIdleAsync().IsCompletedSuccessfully);
        Assert.True(gate.WhenIdleAsync(new CancellationToken(canceled: true)).IsCompletedSuccessfully); // No wait to end.
        var (one, other) = (await gate.AcquireAsync(), await gate.AcquireAsync());

        var idle = gate.WhenIdleAsync();
        var cancelled = gate.WhenIdleAsync(cancellation.Token);
        Assert.True(gate.WhenIdleAsync(new CancellationToken(canceled: true)).IsCanceled);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        one.Dispose();
        Assert.False(idle.IsCompleted);
        Assert.True(gate.TryAcquire(out one)); // Waiting for idle blocks no caller.
        other.Dispose();
        Assert.False(idle.IsCompleted);
        one.Dispose();

        await idle.OrHangs();
    }

    [Fact]
    public async Task Messages_and_ToString_contain_the_name()
    {
        var gate = new ConcurrencyGate(1) { Name = "api" };
        using var lease = await gate.AcquireAsync();
        Assert.Equal("ConcurrencyGate 'api': 1 of 1 active", gate.ToString());
        Assert.Equal("ConcurrencyGate: 0 of 7 active", new ConcurrencyGate(7).ToString());
        var error = await Assert.ThrowsAsync<TimeoutException>(() => gate.AcquireAsync(TimeSpan.Zero).AsTask());
        Assert.Equal("ConcurrencyGate 'api' was not acquired within 0 ms.", error.Message);
    }

    [Fact]
    public void Arguments_out_of_range_throw_at_the_call()
    {
        foreach (var wrong in (int[])[-1, int.MinValue, 100_001, int.MaxValue])
        {
            Assert.Equal(
                wrong, Assert.Throws<ArgumentOutOfRangeException>("limit", () => new ConcurrencyGate(wrong)).ActualValue);
            Assert.Throws<ArgumentOutOfRangeException>(() => new ConcurrencyGate(1).Limit = wrong);
        }

        var adaptive = new ConcurrencyGate(new AdaptiveLimit(2, 5));
        Array.ForEach([-1, 1, 6], wrong => Assert.Throws<ArgumentOutOfRangeException>(() => adaptive.Limit = wrong));
        Assert.Throws<ArgumentNullException>("limit", () => new ConcurrencyGate(null!));
        Assert.Throws<ArgumentNullException>(() => new ConcurrencyGate(1) { TimeProvider = null! });
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => _ = new ConcurrencyGate(1).AcquireAsync(TimeSpan.MinValue));
    }

    [Fact]
    public async Task All_leases_of_the_largest_gate_are_distinct()
    {
        const int Limit = PermitQueue.MaxPermits;
        var gate = new ConcurrencyGate(Limit);
        var leases = new List<Lease>();
        for (var one = 0; one < Limit; one++)
        {
            leases.Add(await gate.AcquireAsync());
        }

        Assert.False(gate.TryAcquire(out _));
        Assert.Equal(Limit, leases.Distinct().Count());
        leases.ForEach(lease => lease.Dispose());
        leases.ForEach(lease => lease.Dispose());
        Assert.Equal(0, gate.Active);
    }

    [Fact]
    public void Random_limit_changes_and_cancellations_conserve_permits() =>
        AsyncTest.Run(async context =>
        {
            var gate = new ConcurrencyGate(2);
            var random = context.Random;
            var inside = 0;
            var users = Task.WhenAll(Enumerable.Range(0, 6).Select(_ => UseAsync()));
            for (var change = 0; change < 3; change++)
            {
                await Task.Yield();
                gate.Limit = random.Next(0, 4);
            }

            gate.Limit = random.Next(1, 4);
            await users;
            await gate.WhenIdleAsync();
            Assert.Equal((0, 0, 0), (inside, gate.Active, gate.Waiting));
            var leases = new List<Lease>();
            while (gate.TryAcquire(out var lease))
            {
                leases.Add(lease);
            }

            Assert.Equal(gate.Limit, leases.Count);
            leases.ForEach(lease => lease.Dispose());

            async Task UseAsync()
            {
                await Task.Yield();
                using var cancellation = new CancellationTokenSource();
                var cancelling = cancellation.CancelAfterYieldsAsync(random.Next(6));
                try
                {
                    using var lease = await gate.AcquireAsync(cancellation.Token);
                    Assert.InRange(++inside, 1, 3);
                    await Task.Yield();
                    inside--;
                }
                catch (OperationCanceledException)
                {
                }

                await cancelling;
            }
        }, Thousand);
}
