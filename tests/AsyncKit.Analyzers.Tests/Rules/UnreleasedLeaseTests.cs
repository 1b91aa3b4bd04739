using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.UnreleasedLeaseAnalyzer, AsyncKit.Analyzers.UnreleasedLeaseFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class UnreleasedLeaseTests
{
    private const string Template = """
        public sealed class C(AsyncLock mutex, KeyedLock<string> keys, ConcurrencyGate gate, AsyncPool<string> pool)
        {
            private Lease _held;
            public async Task<Lease> RunAsync(CancellationToken ct)
            {
                BODY
                return default;
            }
            private static void Keep(Lease lease) { }
        }
        """;

    [Fact]
    public Task A_lease_that_nothing_releases_is_reported() => EachAsync(
        "await [|mutex.AcquireAsync()|];",
        "await [|mutex.AcquireAsync(ct)|].ConfigureAwait(false);",
        "_ = await [|keys.AcquireAsync(\"a\", TimeSpan.FromSeconds(1), ct)|];",
        "var lease = await [|gate.AcquireAsync(ct)|];",
        "var lease = await [|gate.AcquireAsync(ct)|]; if (lease.IsHeld) { lease.Report(GateSignal.Success); }",
        "await [|pool.RentAsync(ct)|];",
        "var item = await [|pool.RentAsync(ct)|]; Console.WriteLine(item.Value); item.Discard();");

    [Fact]
    public Task A_lease_with_an_owner_is_not_reported() => EachAsync(
        "using var lease = await gate.AcquireAsync(ct);",
        "using (await gate.AcquireAsync(ct)) { }",
        "using (var lease = await gate.AcquireAsync(ct)) { }",
        "await using var item = await pool.RentAsync(ct);",
        "await using (await pool.RentAsync(ct)) { }",
        "var lease = await gate.AcquireAsync(ct); using (lease) { }",
        "var lease = await gate.AcquireAsync(ct); try { } finally { lease.Dispose(); }",
        "var item = await pool.RentAsync(ct); await item.DisposeAsync();",
        "return await gate.AcquireAsync(ct);",
        "var lease = await gate.AcquireAsync(ct); return lease;",
        "_held = await gate.AcquireAsync(ct);",
        "var lease = await gate.AcquireAsync(ct); _held = lease;",
        "var lease = await gate.AcquireAsync(ct); lease = default;",
        "var lease = await gate.AcquireAsync(ct); Action release = () => lease.Dispose();",
        "var lease = await gate.AcquireAsync(ct); Action release = lease.Dispose;",
        "var lease = await gate.AcquireAsync(ct); Keep(lease);",
        "Keep(await gate.AcquireAsync(ct));",
        "var acquiring = gate.AcquireAsync(ct);",
        "if (gate.TryAcquire(out var lease)) { lease.Dispose(); }");

    [Fact]
    public Task A_tricky_lease_is_judged_right() => EachAsync(
        "await Task.WhenAll(gate.AcquireAsync(ct).AsTask(), mutex.AcquireAsync(ct).AsTask());",
        "Func<Task> acquire = async () => await [|gate.AcquireAsync(ct)|];",
        "Func<Task<Lease>> acquire = async () => await gate.AcquireAsync(ct);",
        "async Task LocalAsync() { await using var item = await pool.RentAsync(ct); await [|mutex.AcquireAsync()|]; } await LocalAsync();",
        "switch (await gate.AcquireAsync(ct)) { case { IsHeld: true } lease: lease.Dispose(); break; }",
        "if (await gate.AcquireAsync(TimeSpan.Zero, ct) is { IsHeld: true } lease) { Keep(lease); }",
        "dynamic kept = await gate.AcquireAsync(ct); kept.Dispose();",
        "List<Lease> all = [await gate.AcquireAsync(ct), await mutex.AcquireAsync(ct)]; all.ForEach(lease => lease.Dispose());",
        "var (one, two) = (await gate.AcquireAsync(ct), await mutex.AcquireAsync(ct)); one.Dispose(); two.Dispose();",
        "System.Linq.Expressions.Expression<Func<ConcurrencyGate, ValueTask<Lease>>> e = g => g.AcquireAsync(default);",
        "IDisposable lease = await gate.AcquireAsync(ct); lease.Dispose();",
        "object lease = await gate.AcquireAsync(ct); ((IDisposable)lease).Dispose();",
        "ref readonly var alias = ref _held; var lease = await gate.AcquireAsync(ct); Keep(in1(in lease)); static Lease in1(in Lease l) => l;",
        "foreach (var key in new[] { \"a\" }) { var lease = await keys.AcquireAsync(key, ct); _held = lease; }",
        "var lease = await [|gate.AcquireAsync(ct)|];\n#if NEVER\nlease.Dispose();\n#endif");

    [Fact]
    public Task A_generic_key_and_a_partial_class_are_seen_through() => Verify.ReportsAsync(new UnreleasedLeaseAnalyzer(), """
        using AsyncKit;
        public sealed partial class C<T> where T : notnull { private readonly KeyedLock<T> _locks = new(); }
        public sealed partial class C<T>
        {
            public async Task RunAsync(T key) => await [|_locks.AcquireAsync(key)|];
            public async Task<Lease> EnterAsync(T key) => await _locks.AcquireAsync(key);
        }
        """);

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new UnreleasedLeaseAnalyzer(),
        """
        using AsyncKit;
        var gate = new ConcurrencyGate(1);
        var lease = await [|gate.AcquireAsync()|];
        var other = await gate.AcquireAsync();
        Release();
        void Release() => other.Dispose();
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public Task Generated_code_is_not_analyzed() => Verify.ReportsAsync(new UnreleasedLeaseAnalyzer(), """
        // <auto-generated/>
        public sealed class C { public async Task RunAsync(AsyncLock mutex) => await mutex.AcquireAsync(); }
        """);

    [Fact]
    public async Task A_compilation_without_AsyncKit_is_not_analyzed()
    {
        const string Source = """
            namespace AsyncKit
            {
                public readonly struct Lease : IDisposable { public void Dispose() { } }
                public sealed class AsyncLock { public ValueTask<Lease> AcquireAsync() => default; }
            }
            public sealed class C { public async Task RunAsync(AsyncKit.AsyncLock mutex) => await mutex.AcquireAsync(); }
            """;

        Assert.Empty(await Verify.FindAsync(
            new UnreleasedLeaseAnalyzer(),
            Verify.Compile(Source, Code.WithoutAsyncKit, OutputKind.DynamicallyLinkedLibrary)));
    }

    [Fact]
    public async Task The_message_names_the_owner_of_the_permit() => Assert.Equal(
        ["The lease of 'gate' is never released; declare it with 'using'"],
        await Verify.MessagesAsync(new UnreleasedLeaseAnalyzer(), Source("await gate.AcquireAsync(ct);")));

    [Fact]
    public Task Every_shape_is_fixed_at_once() => Fix.FixesAsync(
        """
        using AsyncKit;
        public sealed class C(AsyncLock mutex, AsyncPool<string> pool)
        {
            public async Task RunAsync(CancellationToken ct)
            {
                // Enter.
                await {|AK0016:mutex.AcquireAsync(ct)|}; // Until the end.
                _ = await {|AK0016:mutex.AcquireAsync(ct)|}.ConfigureAwait(false);
                var held = await {|AK0016:mutex.AcquireAsync(ct)|};
                Console.WriteLine(held.IsHeld);
                {
                    Lease inner = await {|AK0016:mutex.AcquireAsync(ct)|}; /* Kept. */
                }

                await {|AK0016:pool.RentAsync(ct)|};
                var item = await {|AK0016:pool.RentAsync(ct)|};
            }
        }
        """,
        """
        using AsyncKit;
        public sealed class C(AsyncLock mutex, AsyncPool<string> pool)
        {
            public async Task RunAsync(CancellationToken ct)
            {
                // Enter.
                using var lease = await mutex.AcquireAsync(ct); // Until the end.
                using var lease2 = await mutex.AcquireAsync(ct).ConfigureAwait(false);
                using var held = await mutex.AcquireAsync(ct);
                Console.WriteLine(held.IsHeld);
                {
                    using Lease inner = await mutex.AcquireAsync(ct); /* Kept. */
                }

                await using var lease3 = await pool.RentAsync(ct);
                await using var item = await pool.RentAsync(ct);
            }
        }
        """);

    [Fact]
    public Task Code_that_cannot_declare_a_local_has_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C(ConcurrencyGate gate)
        {
            public async Task AAsync(CancellationToken ct)
            {
                Func<Task> acquire = async () => await gate.AcquireAsync(ct);
                if (ct.CanBeCanceled) await gate.AcquireAsync(ct);
                switch (1) { case 1: await gate.AcquireAsync(ct); break; }
                await acquire();
            }

            public async Task BAsync(CancellationToken ct)
            {
                goto end; await gate.AcquireAsync(ct); end: ;
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new UnreleasedLeaseAnalyzer(), Template, bodies);

    private static string Source(string body) => Template.Replace("BODY", body, StringComparison.Ordinal);
}
