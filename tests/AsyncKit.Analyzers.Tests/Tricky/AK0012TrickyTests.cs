using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0012TrickyTests() : TrickyTests("AK0012")
{
    [Fact]
    public Task A_configured_await_waits_as_well() => FixesAsync(InMethod("""
        using var s = new SemaphoreSlim(1);
        try
        {
            await [|s.WaitAsync(ct)|].ConfigureAwait(false);
            await Web.SendAsync(uri, ct);
        }
        finally
        {
            s.Release();
        }
        """));

    [Fact]
    public Task The_same_field_may_be_written_in_two_ways() => ReportsAsync("""
        public partial class Sample
        {
            public async Task RunAsync(CancellationToken ct)
            {
                try
                {
                    // Wait for the turn.
                    await [|this._s.WaitAsync(ct)|]; // Mine.
                    await Task.Yield();
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                finally
                {
                    Console.WriteLine("released");
                    _s.Release(1);
                }
            }
        }
        public partial class Sample { private readonly SemaphoreSlim _s = new(1); }
        """);

    [Fact]
    public Task A_wait_after_other_statements_fails_as_well() => ReportsAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        try
        {
            Console.WriteLine("waiting");
            await [|s.WaitAsync(ct)|];
        }
        finally
        {
            s.Release();
        }
        """));

    [Fact]
    public Task A_dropped_answer_may_be_no() => ReportsAsync(InMethod("""
        using var s = new SemaphoreSlim(1, 1);
        await [|s.WaitAsync(TimeSpan.FromSeconds(1))|];
        try { await Web.SendAsync(uri, ct); } finally { s.Release(); }
        _ = await [|s.WaitAsync(100, CancellationToken.None)|].ConfigureAwait(false);
        s.Release();
        """));

    [Fact]
    public Task A_static_semaphore_in_top_level_statements_counts() => FixesAsync("""
        using static Gates;
        using var stop = new CancellationTokenSource();
        try
        {
            await [|Turn.WaitAsync(stop.Token)|];
        }
        finally
        {
            Turn.Release();
        }

        public static class Gates { public static readonly SemaphoreSlim Turn = new(1); }
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task An_iterator_and_a_local_function_wait_as_well() => FixesAsync("""
        public class Sample<T>(SemaphoreSlim turn)
        {
            public async IAsyncEnumerable<T?> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
            {
                try
                {
                    await [|turn.WaitAsync(ct)|];
                    yield return default;
                }
                finally
                {
                    turn.Release();
                }

                await LocalAsync();
                async Task LocalAsync()
                {
                    try { await [|turn.WaitAsync(ct)|]; } finally { turn.Release(); }
                }
            }
        }
        """);

    [Fact]
    public Task A_timeout_whose_answer_is_dropped_in_the_try_is_reported_once() => ReportsAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        try { await [|s.WaitAsync(500, ct)|]; } finally { s.Release(); }
        """));

    [Fact]
    public Task A_wait_of_another_semaphore_before_it_acquires_nothing() => FixesAsync(InMethod("""
        SemaphoreSlim a = new(1), b = new(1);
        await a.WaitAsync(ct);
        try
        {
            try { await [|b.WaitAsync(ct)|]; await Web.SendAsync(uri, ct); } finally { b.Release(); }
        }
        finally { a.Release(); }
        """));

    [Fact]
    public Task A_release_in_a_block_of_the_finally_is_unconditional() => FixesAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        Func<Task> run = async () =>
        {
            try { await [|s.WaitAsync(cancellationToken: ct)|]; }
            finally { { s!.Release(); } }
        };
        await run();
        """));

    [Fact]
    public Task An_answer_that_guards_the_release_is_used() => SilentAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        var taken = false;
        try { taken = await s.WaitAsync(100, ct); } finally { if (taken) { s.Release(); } }
        try { await s.WaitAsync(ct); taken = true; } finally { if (taken) { s.Release(); } }
        try { await s.WaitAsync(ct); taken = true; } finally { _ = taken ? s.Release() : 0; }
        try { await s.WaitAsync(ct); taken = true; } finally { _ = taken && s.Release() > 0; }
        try { await s.WaitAsync(ct); taken = true; } finally { switch (taken) { case true: s.Release(); break; default: break; } }
        """));

    [Fact]
    public Task An_answer_in_any_expression_is_used() => SilentAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        if (await s.WaitAsync(100) is false) { return; }
        s.Release();
        while (!await s.WaitAsync(100, ct)) { Console.WriteLine("still waiting"); }
        s.Release();
        var (ok, n) = (await s.WaitAsync(100), 1);
        if (ok && n == 1) { s.Release(); }
        Console.WriteLine(await s.WaitAsync(100) switch { true => s.Release(), false => 0 });
        """));

    [Fact]
    public Task A_permit_taken_before_the_try_is_released_rightly() => SilentAsync(InMethod("""
        var s = new SemaphoreSlim(2);
        await s.WaitAsync();
        try
        {
            await s.WaitAsync(ct);
        }
        finally
        {
            s.Release();
        }

        s.Wait();
        try { await s.WaitAsync(ct); } finally { s.Release(); }
        """));

    [Fact]
    public Task A_wait_that_cannot_fail_acquires() => SilentAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        try { await s.WaitAsync(); } finally { s.Release(); }
        try { await s.WaitAsync(CancellationToken.None); } finally { s.Release(); }
        try { await s.WaitAsync(default(CancellationToken)); } finally { s.Release(); }
        await s.WaitAsync(Timeout.Infinite);
        s.Release();
        await s.WaitAsync(Timeout.InfiniteTimeSpan);
        s.Release();
        await s.WaitAsync(-1, ct);
        s.Release();
        """));

    [Fact]
    public Task A_cancelled_wait_without_a_limit_never_answers_no() => ReportsAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        try { await [|s.WaitAsync(Timeout.Infinite, ct)|]; } finally { s.Release(); }
        _ = await s.WaitAsync(Timeout.InfiniteTimeSpan, ct);
        s.Release();
        """));

    [Fact]
    public Task A_semaphore_that_is_a_signal_is_released_by_others() => SilentAsync("""
        public class Sample
        {
            public event EventHandler? Changed;
            public async Task RunAsync(CancellationToken ct)
            {
                using var changed = new SemaphoreSlim(0);
                Changed += (_, _) => changed.Release();
                Changed += delegate { changed.Release(); };
                void OnChanged(object? sender, EventArgs e) => changed.Release();
                Changed += OnChanged;
                while (!ct.IsCancellationRequested)
                {
                    await changed.WaitAsync(TimeSpan.FromSeconds(30), ct);
                    Console.WriteLine("changed, or half a minute has passed");
                }
            }
        }
        """);

    [Fact]
    public Task A_signal_that_is_set_before_the_wait_is_no_permit() => SilentAsync("""
        public class Sample
        {
            private readonly SemaphoreSlim _idle = new(0), _work = new(0);
            public async Task RunAsync(CancellationToken ct)
            {
                for (; ; )
                {
                    _work.Release();
                    await _idle.WaitAsync(1000, ct);
                    Console.WriteLine("idle, or a second has passed");
                }
            }
        }
        """);

    [Fact]
    public Task A_release_that_the_finally_only_declares_does_not_run() => SilentAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        Action? release = null;
        try { await s.WaitAsync(ct); } finally { release = () => s.Release(); }
        try { await s.WaitAsync(ct); } finally { Console.WriteLine(nameof(s.Release)); }
        release();
        """));

    [Fact]
    public Task A_wait_of_a_nested_function_is_not_the_wait_of_the_try() => SilentAsync(InMethod("""
        var s = new SemaphoreSlim(1);
        await s.WaitAsync();
        try { await Task.Run(async () => await s.WaitAsync(ct), ct); } finally { s.Release(); }
        Func<Task> wait;
        try { wait = async () => { await s.WaitAsync(ct); }; } finally { s.Release(); }
        await wait();
        """));

    [Fact]
    public Task Another_semaphore_or_another_type_is_not_meant() => SilentAsync("""
        public class Turn { public Task WaitAsync(CancellationToken ct) => Task.CompletedTask; public int Release() => 0; }
        public class Node { public SemaphoreSlim S = new(1); public Node? Next; }
        public class Sample
        {
            public async Task RunAsync(Turn turn, Node a, Node b, SemaphoreSlim[] all, CancellationToken ct)
            {
                try { await turn.WaitAsync(ct); } finally { turn.Release(); }
                try { await a.S.WaitAsync(ct); } finally { b.S.Release(); }
                try { await all[0].WaitAsync(ct); } finally { all[1].Release(); }
                try { await a.S.WaitAsync(ct); } finally { a.Next!.S.Release(); }
            }
        }
        """);
}
