using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.UnacquiredPermitAnalyzer, AsyncKit.Analyzers.UnacquiredPermitFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class UnacquiredPermitTests
{
    private const string Template = """
        public class C(SemaphoreSlim shared)
        {
            private readonly SemaphoreSlim _s = new(1, 1);
            private readonly SemaphoreSlim _signal = new(0);
            private static readonly SemaphoreSlim Static = new(4);
            private static Task WorkAsync() => Task.CompletedTask;
            public async Task RunAsync(SemaphoreSlim s, TimeSpan timeout, bool flag, CancellationToken ct)
            {
                BODY
            }
        }
        """;

    [Fact]
    public Task A_wait_inside_the_try_that_releases_is_reported() => EachAsync(
        "try { await [|s.WaitAsync(ct)|]; await WorkAsync(); } finally { s.Release(); }",
        "try { await WorkAsync(); await [|_s.WaitAsync(ct)|].ConfigureAwait(false); } finally { _s.Release(); }",
        "try { await [|this._s.WaitAsync(timeout, ct)|]; } finally { _s.Release(); }",
        "try { await [|Static.WaitAsync(5, ct)|]; } finally { await WorkAsync(); Static.Release(1); }",
        "try { await [|shared.WaitAsync(ct)|]; } catch (FormatException) { } finally { shared.Release(); }",
        "try { if (!await [|s.WaitAsync(timeout)|]) { return; } await WorkAsync(); } finally { s.Release(); }",
        "try { var acquired = await [|s.WaitAsync(timeout)|]; } finally { s.Release(); }");

    [Fact]
    public Task A_timed_wait_whose_result_is_dropped_is_reported() => EachAsync(
        "await [|s.WaitAsync(timeout)|]; try { await WorkAsync(); } finally { s.Release(); }",
        "_ = await [|s.WaitAsync(100, ct)|]; s.Release();",
        "while (flag) { await [|s.WaitAsync(timeout)|]; await WorkAsync(); s.Release(); }");

    [Fact]
    public Task A_release_that_needs_the_permit_is_not_reported() => EachAsync(
        "await s.WaitAsync(ct); try { await WorkAsync(); } finally { s.Release(); }",
        "try { await s.WaitAsync(); } finally { s.Release(); }",
        "try { await s.WaitAsync(CancellationToken.None); } finally { s.Release(); }",
        "try { await s.WaitAsync(default(CancellationToken)); } finally { s.Release(); }",
        "try { await s.WaitAsync(Timeout.Infinite); } finally { s.Release(); }",
        "try { await s.WaitAsync(Timeout.InfiniteTimeSpan); } finally { s.Release(); }",
        "var held = false; try { await s.WaitAsync(ct); held = true; } finally { if (held) { s.Release(); } }",
        "var held = await s.WaitAsync(timeout); try { } finally { if (held) s.Release(); }",
        "if (await s.WaitAsync(timeout)) { try { } finally { s.Release(); } }",
        "if (!await s.WaitAsync(timeout)) return; try { } finally { s.Release(); }",
        "await s.WaitAsync(ct); try { await WorkAsync(); await s.WaitAsync(ct); } finally { s.Release(); }",
        "s.Wait(ct); try { await s.WaitAsync(ct); } finally { s.Release(); }",
        "await _s.WaitAsync(ct); try { } finally { shared.Release(); }",
        "try { await _s.WaitAsync(ct); } finally { shared.Release(); }",
        "await s.WaitAsync(timeout); await WorkAsync();",
        "await s.WaitAsync(timeout); if (flag) { s.Release(); }",
        "s.Release(); await s.WaitAsync(timeout);",
        "try { await _signal.WaitAsync(ct); } finally { _signal.Release(); }",
        "await s.WaitAsync(timeout); Action release = () => s.Release();",
        "var waiting = s.WaitAsync(ct); try { await waiting; } finally { s.Release(); }");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "try { try { await s.WaitAsync(ct); } catch (OperationCanceledException) { await s.WaitAsync(); } } finally { s.Release(); }",
        "Func<Task> f = async () => { try { await [|s.WaitAsync(ct)|]; } finally { s.Release(); } }; await f();",
        "try { Func<Task> f = async () => await s.WaitAsync(ct); await f(); } finally { s.Release(); }",
        "async Task LocalAsync<T>(T item) { try { await [|_s.WaitAsync(ct)|]; } finally { _s.Release(); } } await LocalAsync(1);",
        "await using var stream = Stream.Null; try { await [|s.WaitAsync(ct)|]; } finally { s.Release(); await stream.DisposeAsync(); }",
        "SemaphoreSlim[] all = [s]; try { await all[0].WaitAsync(ct); } finally { all[0].Release(); }",
        "dynamic d = s; try { await d.WaitAsync(ct); } finally { d.Release(); }",
        "try { await s.WaitAsync(ct); } finally { switch (flag) { case true: s.Release(); break; } }",
        "try { await s.WaitAsync(ct); } finally { _ = flag ? s.Release() : 0; }",
        "try { _ = await s.WaitAsync(timeout, ct) is true ? 1 : throw new TimeoutException(); } finally { if (s.CurrentCount == 0) s.Release(); }",
        "try { foreach (var i in new[] { 1 }) { await s.WaitAsync(ct); } } finally { s.Release(); }",
        "#if NEVER\nawait s.WaitAsync(ct);\n#endif\ntry { await [|s.WaitAsync(ct)|]; } finally { s.Release(); }",
        "System.Linq.Expressions.Expression<Func<Task>> e = () => s.WaitAsync(ct); try { await WorkAsync(); } finally { s.Release(); }",
        "s = new(0); try { await s.WaitAsync(ct); } finally { s.Release(); }",
        "var baton = new SemaphoreSlim(0, 1); _ = Task.Run(() => baton.Release()); try { await baton.WaitAsync(ct); } finally { baton.Release(); }");

    [Fact]
    public Task A_partial_class_is_seen_through() => Verify.ReportsAsync(new UnacquiredPermitAnalyzer(), """
        public partial class C<T> { private readonly SemaphoreSlim _s = new(1); private readonly SemaphoreSlim _signal = new(initialCount: 0); }
        public partial class C<T>
        {
            public async Task AAsync(CancellationToken ct) { try { await [|_s.WaitAsync(ct)|]; } finally { _s.Release(); } }
            public async Task BAsync(CancellationToken ct) { try { await _signal.WaitAsync(ct); } finally { _signal.Release(); } }
        }
        """);

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new UnacquiredPermitAnalyzer(),
        """
        var s = new SemaphoreSlim(1);
        try { await [|s.WaitAsync(new CancellationTokenSource(5).Token)|]; } finally { s.Release(); }
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public async Task The_message_names_the_semaphore() => Assert.Equal(
        ["'_s' is released even if WaitAsync did not acquire it"],
        await Verify.MessagesAsync(new UnacquiredPermitAnalyzer(), Template.Replace(
            "BODY", "try { await _s.WaitAsync(ct); } finally { _s.Release(); }", StringComparison.Ordinal)));

    [Fact]
    public Task The_wait_moves_before_the_try() => Fix.FixesAsync(
        """
        public sealed class C(SemaphoreSlim s)
        {
            public async Task RunAsync(CancellationToken ct)
            {
                // Before.
                try
                {
                    // Wait.
                    await {|AK0012:s.WaitAsync(ct)|}; // Waited.

                    // Work.
                    await Task.Yield();
                }
                finally
                {
                    s.Release(); // Leave.
                }
            }

            public async Task LocalAsync(CancellationToken ct)
            {
                try { await {|AK0012:s.WaitAsync(ct)|}.ConfigureAwait(false); await Task.Yield(); } finally { s.Release(); }
            }
        }
        """,
        """
        public sealed class C(SemaphoreSlim s)
        {
            public async Task RunAsync(CancellationToken ct)
            {
                // Before.
                // Wait.
                await s.WaitAsync(ct); // Waited.
                try
                {
                    // Work.
                    await Task.Yield();
                }
                finally
                {
                    s.Release(); // Leave.
                }
            }

            public async Task LocalAsync(CancellationToken ct)
            {
                await s.WaitAsync(ct).ConfigureAwait(false);
                try { await Task.Yield(); } finally { s.Release(); }
            }
        }
        """);

    [Fact]
    public Task A_wait_that_cannot_move_has_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C(SemaphoreSlim s)
        {
            public async Task AAsync(CancellationToken ct)
            {
                try { await Task.Yield(); await s.WaitAsync(ct); } finally { s.Release(); }
            }

            public async Task BAsync(CancellationToken ct)
            {
                try { await s.WaitAsync(ct); } catch (OperationCanceledException) { } finally { s.Release(); }
            }

            public async Task CAsync(CancellationToken ct)
            {
                try { await s.WaitAsync(100, ct); } finally { s.Release(); }
            }

            public async Task DAsync(CancellationToken ct)
            {
                if (ct.CanBeCanceled) try { await s.WaitAsync(ct); } finally { s.Release(); }
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new UnacquiredPermitAnalyzer(), Template, bodies);
}
