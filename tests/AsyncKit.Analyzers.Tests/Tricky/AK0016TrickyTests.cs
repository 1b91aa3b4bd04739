using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0016TrickyTests() : TrickyTests("AK0016")
{
    [Fact]
    public Task A_lease_that_is_dropped_or_discarded_is_held_forever() => FixesAsync("""
        public class Sample(AsyncLock turn, KeyedLock<string> keys)
        {
            private readonly ConcurrencyGate _gate = new(4);
            public async Task RunAsync(AsyncPool<HttpClient> pool, CancellationToken ct)
            {
                await [|turn.AcquireAsync(ct)|];
                _ = await [|keys.AcquireAsync("a", ct)|].ConfigureAwait(false);
                await [|this._gate.AcquireAsync(TimeSpan.FromSeconds(1), ct)|];
                await [|pool.RentAsync(ct)|].ConfigureAwait(false); // For ever.
            }
        }
        """);

    [Fact]
    public Task Reading_a_lease_does_not_release_it() => FixesAsync("""
        public class Sample<T>(AsyncPool<T> pool, ConcurrencyGate gate) where T : class
        {
            public async Task<string?> RunAsync()
            {
                PooledLease<T> rented = await [|pool.RentAsync()|];
                var lease = await [|gate.AcquireAsync()|];
                lease.Report(GateSignal.Success);
                rented.Discard();
                return lease.IsHeld && !lease.Equals(default) ? rented.Value.ToString() : null;
            }
        }
        """);

    [Fact]
    public Task An_embedded_statement_drops_a_lease_as_well() => ReportsAsync(InMethod("""
        var turn = new AsyncLock();
        if (uris.Count > 0)
            await [|turn.AcquireAsync(ct)|];
        else
            _ = await [|turn.AcquireAsync(ct)|];
        foreach (var u in uris) await [|turn.AcquireAsync(ct)|];
        """));

    [Fact]
    public Task A_switch_section_drops_a_lease_as_well() => ReportsAsync(InMethod("""
        var turn = new AsyncLock();
        switch (uris.Count)
        {
            case 0:
                await [|turn.AcquireAsync(ct)|];
                break;
            case 1:
                var lease = await [|turn.AcquireAsync(ct)|];
                Console.WriteLine(lease.IsHeld);
                break;
        }
        """));

    [Fact]
    public Task An_expression_body_drops_a_lease_as_well() => ReportsAsync("""
        public class Sample(AsyncLock turn)
        {
            public async Task EnterAsync(CancellationToken ct) => await [|turn.AcquireAsync(ct)|];
            public Func<Task> Enter() => async () => await [|turn.AcquireAsync()|];
            public async Task BothAsync()
            {
                await LocalAsync();
                async Task LocalAsync() => _ = await [|turn.AcquireAsync()|];
            }
        }
        """);

    [Fact]
    public Task The_name_of_a_new_lease_is_free() => FixesAsync("""
        public class Sample
        {
            public async Task RunAsync(AsyncLock a, AsyncLock b, AsyncPool<string> pool, int lease)
            {
                await [|a.AcquireAsync()|];
                Console.WriteLine(lease);
                await [|b.AcquireAsync()|];
                _ = await [|pool.RentAsync()|];
                Action<int> show = rented => Console.WriteLine(rented);
                show(1);
            }
        }
        """);

    [Fact]
    public Task A_local_named_like_a_discard_is_a_local() => FixesAsync(InMethod("""
        var turn = new AsyncLock();
        var _ = await [|turn.AcquireAsync(ct)|];
        """));

    [Fact]
    public Task Top_level_statements_drop_leases_as_well() => FixesAsync("""
        var gate = new ConcurrencyGate(1);
        // Enter.
        await [|gate.AcquireAsync()|];
        #if DEBUG
        Console.WriteLine("debug");
        #endif
        Console.WriteLine(gate.Active);
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task An_iterator_and_a_try_drop_leases_as_well() => FixesAsync("""
        public interface IReader
        {
            AsyncLock Turn { get; }
            async IAsyncEnumerable<int> ReadAsync(CancellationToken ct = default)
            {
                try
                {
                    Lease held = await [|Turn.AcquireAsync(ct)|];
                    yield return held.IsHeld ? 1 : 0;
                }
                finally
                {
                    Console.WriteLine("done");
                }
            }
        }
        """);

    [Fact]
    public Task A_name_of_the_lease_does_not_release_it() => FixesAsync(InMethod("""
        var turn = new AsyncLock();
        var lease = await [|turn.AcquireAsync(ct)|];
        Console.WriteLine($"{nameof(lease)} {nameof(lease.Dispose)} {lease.IsHeld}");
        """));

    [Fact]
    public Task A_test_may_assert_that_no_lease_is_acquired() => SilentInTestsAsync("""
        public static class Assertions { public static Task ThrowsAsync<T>(Func<Task> act) where T : Exception => act(); }
        public class SampleTests
        {
            [Xunit.Fact]
            public async Task Fails(AsyncLock turn, AsyncPool<string> pool, CancellationToken cancelled)
            {
                await Assertions.ThrowsAsync<OperationCanceledException>(async () => await turn.AcquireAsync(cancelled));
                await Assertions.ThrowsAsync<OperationCanceledException>(async () => { _ = await pool.RentAsync(cancelled).ConfigureAwait(false); });
                Func<Task> act = async delegate { await turn.AcquireAsync(TimeSpan.Zero, cancelled); };
                await act();
            }
        }
        """);

    [Fact]
    public Task A_using_in_any_form_releases() => SilentAsync("""
        public class Sample(AsyncLock turn, AsyncPool<string> pool)
        {
            public async Task RunAsync(CancellationToken ct)
            {
                using (await turn.AcquireAsync(ct)) { }
                using (await turn.AcquireAsync(ct).ConfigureAwait(false)) using (var second = await turn.AcquireAsync(ct)) { }
                using var _ = await turn.AcquireAsync(ct);
                await using var rented = await pool.RentAsync(ct);
                await using (await pool.RentAsync(ct)) { }
                var a = await turn.AcquireAsync(ct); using (a) { }
                var b = await turn.AcquireAsync(ct); using var copy = b;
                var c = await pool.RentAsync(ct); await using (c.ConfigureAwait(false)) { }
                var d = await pool.RentAsync(ct); await using var configured = d.ConfigureAwait(false);
                using IDisposable e = await turn.AcquireAsync(ct);
            }
        }
        """);

    [Fact]
    public Task A_disposal_in_any_form_releases() => SilentAsync("""
        public static class Extensions { public static void Leave(this Lease lease) => lease.Dispose(); }
        public class Sample(AsyncLock turn, AsyncPool<string> pool)
        {
            public async Task RunAsync(CancellationToken ct)
            {
                var a = await turn.AcquireAsync(ct); try { await Task.Yield(); } finally { a.Dispose(); }
                var b = await pool.RentAsync(ct); await b.DisposeAsync().ConfigureAwait(false);
                var c = await turn.AcquireAsync(ct); ((IDisposable)c).Dispose();
                var d = await turn.AcquireAsync(ct); d.Leave();
                var e = await turn.AcquireAsync(ct); Action leave = e.Dispose; leave();
                var f = await turn.AcquireAsync(ct); Action later = () => f.Dispose(); later();
                var g = await turn.AcquireAsync(ct); LocalLeave(); void LocalLeave() => g.Dispose();
                Lease h = default; try { h = await turn.AcquireAsync(ct); } finally { h.Dispose(); }
                (await turn.AcquireAsync(ct)).Dispose();
                await (await pool.RentAsync(ct)).DisposeAsync();
            }
        }
        """);

    [Fact]
    public Task A_lease_that_leaves_the_method_has_another_owner() => SilentAsync("""
        public record Holder(Lease Lease);
        public class Sample(AsyncLock turn, AsyncPool<string> pool)
        {
            private Lease _lease;
            private readonly List<Lease> _leases = [];
            public async ValueTask<Lease> EnterAsync(CancellationToken ct) => await turn.AcquireAsync(ct);
            public async Task<Lease> TwiceAsync(CancellationToken ct) { var lease = await turn.AcquireAsync(ct); return lease; }
            public Func<Task<Lease>> Later() => async () => await turn.AcquireAsync();
            public async Task KeepAsync(CancellationToken ct)
            {
                _lease = await turn.AcquireAsync(ct);
                _leases.Add(await turn.AcquireAsync(ct));
                var a = await turn.AcquireAsync(ct); _leases.Add(a);
                var b = await turn.AcquireAsync(ct); (_lease, _) = (b, 1);
                var c = await turn.AcquireAsync(ct); Lease[] all = [c]; all[0].Dispose();
                var d = await turn.AcquireAsync(ct); var holder = new Holder(d); holder.Lease.Dispose();
                var e = await turn.AcquireAsync(ct); var wide = holder with { Lease = e }; wide.Lease.Dispose();
                var f = await turn.AcquireAsync(ct); object boxed = f; ((IDisposable)boxed).Dispose();
                var g = await turn.AcquireAsync(ct); Release(ref g);
                var h = await turn.AcquireAsync(ct); ReleaseIn(in h);
                var (i, j) = (await turn.AcquireAsync(ct), 1); i.Dispose();
                all[0] = await turn.AcquireAsync(ct);
            }
            public async IAsyncEnumerable<Lease> AllAsync() { yield return await turn.AcquireAsync(); var k = await turn.AcquireAsync(); yield return k; }
            private static void Release(ref Lease lease) => lease.Dispose();
            private static void ReleaseIn(in Lease lease) => lease.Dispose();
        }
        """);

    [Fact]
    public Task A_pattern_gives_the_lease_another_name() => SilentAsync(InMethod("""
        var turn = new AsyncLock();
        if (await turn.AcquireAsync(TimeSpan.Zero, ct) is { IsHeld: true } lease) { using (lease) { Console.WriteLine("held"); } }
        var other = await turn.AcquireAsync(ct);
        if (other is { IsHeld: true } same) { same.Dispose(); }
        var third = await turn.AcquireAsync(ct);
        switch (third) { case { IsHeld: true } taken: taken.Dispose(); break; default: break; }
        """));

    [Fact]
    public Task A_task_of_a_lease_is_awaited_elsewhere() => SilentAsync(InMethod("""
        var turn = new AsyncLock();
        var pending = turn.AcquireAsync(ct);
        using var lease = await pending;
        var task = turn.AcquireAsync(ct).AsTask();
        using (await task.WaitAsync(ct)) { }
        Lease maybe = uris.Count > 0 ? await turn.AcquireAsync(ct) : default;
        maybe.Dispose();
        """));

    [Fact]
    public Task A_limiter_of_another_library_is_not_ours() => SilentAsync("""
        using System.Threading.RateLimiting;
        public class AsyncLock { public ValueTask<int> AcquireAsync() => new(1); }
        public class Sample
        {
            public async Task RunAsync(RateLimiter limiter, AsyncLock other, dynamic any)
            {
                await limiter.AcquireAsync();
                await other.AcquireAsync();
                await any.AcquireAsync();
            }
        }
        """);
}
