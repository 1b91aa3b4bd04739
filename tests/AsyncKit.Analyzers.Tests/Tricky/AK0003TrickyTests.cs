using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0003TrickyTests() : TrickyTests("AK0003")
{
    [Fact]
    public Task An_inline_selector_of_any_verb_is_limited_by_hand() => FixesAsync(InMethod("""
        using var s = new SemaphoreSlim(initialCount: 10, maxCount: 10);
        await [|Task.WhenAll(uris.Select(async u =>
        {
            await s.WaitAsync(ct).ConfigureAwait(false);
            try
            {
                // Sends it.
                await Web.SendAsync(u, ct);
            }
            finally
            {
                s.Release();
            }
        }))|].ConfigureAwait(false);
        """));

    [Fact]
    public Task A_local_of_the_tasks_is_the_same_call() => FixesAsync("""
        public class Sample
        {
            public async Task<string[]> RunAsync<T>(IEnumerable<T> items, Func<T, Task<string>> load, int limit)
            {
                SemaphoreSlim s = new(limit);
                var tasks = items.Select(async item => { await s.WaitAsync(); try { return await load(item); } finally { s.Release(); } }).ToList();
                var all = await [|Task.WhenAll(tasks)|];
                s.Dispose();
                return all;
            }
        }
        """);

    [Fact]
    public Task A_lambda_and_a_local_function_limit_as_well() => FixesAsync(InMethod("""
        Func<Task> run = async () =>
        {
            using SemaphoreSlim s = new(4);
            await [|Task.WhenAll(uris.Select(async u => { await s.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { s.Release(); } }))|];
        };
        await run();
        """));

    [Fact]
    public Task Top_level_statements_limit_as_well() => FixesAsync("""
        using var gate = new SemaphoreSlim(8);
        var pages = await [|Task.WhenAll(args.Select(async arg =>
        {
            await gate.WaitAsync();
            try { return await Web.GetAsync(new Uri(arg)); }
            finally { gate.Release(); }
        }))|];
        Console.WriteLine(pages.Length);
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_using_statement_owns_the_semaphore_as_well() => ReportsAsync(InMethod("""
        using (var s = new SemaphoreSlim(4, 4))
        {
            var pages = await [|Task.WhenAll(uris.Select(async u => { await s.WaitAsync(ct); try { return await Web.GetAsync(u, ct); } finally { s.Release(); } }))|];
            Console.WriteLine(pages.Length);
        }
        """));

    [Fact]
    public Task A_token_of_another_name_is_passed_on() => FixesAsync("""
        public class Sample
        {
            public async Task RunAsync(Uri[] uris, CancellationToken stopping)
            {
                using var s = new SemaphoreSlim(4);
                await [|Task.WhenAll(uris.Select(async u =>
                {
                    await s.WaitAsync(stopping);
                    try
                    {
                        var page = await Web.GetAsync(u, stopping);
                        if (page.Length == 0) { return; }
                        await Web.SendAsync(new Uri(page));
                    }
                    finally { s.Release(); }
                }))|];
            }
        }
        """);

    [Fact]
    public Task A_shared_semaphore_limits_others_as_well() => SilentAsync("""
        public class Sample(SemaphoreSlim parameter)
        {
            private readonly SemaphoreSlim _field = new(4);
            public async Task RunAsync(Uri[] uris, SemaphoreSlim s, CancellationToken ct)
            {
                await Task.WhenAll(uris.Select(async u => { await s.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { s.Release(); } }));
                await Task.WhenAll(uris.Select(async u => { await _field.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { _field.Release(); } }));
                await Task.WhenAll(uris.Select(async u => { await parameter.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { parameter.Release(); } }));
                var same = _field;
                await Task.WhenAll(uris.Select(async u => { await same.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { same.Release(); } }));
            }
        }
        """);

    [Fact]
    public Task Statements_outside_of_the_permit_run_without_a_limit() => SilentAsync(InMethod("""
        using var a = new SemaphoreSlim(4); using var b = new SemaphoreSlim(4); using var c = new SemaphoreSlim(4);
        await Task.WhenAll(uris.Select(async u => { Console.WriteLine(u); await a.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { a.Release(); } }));
        await Task.WhenAll(uris.Select(async u => { await b.WaitAsync(ct); string p; try { p = await Web.GetAsync(u, ct); } finally { b.Release(); } return p.Length; }));
        await Task.WhenAll(uris.Select(async u => { await c.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { c.Release(); } await Web.SendAsync(u, ct); }));
        """));

    [Fact]
    public Task A_semaphore_with_other_uses_is_more_than_a_limit() => SilentAsync(InMethod("""
        using var a = new SemaphoreSlim(4); using var b = new SemaphoreSlim(4); using var c = new SemaphoreSlim(4);
        await Task.WhenAll(uris.Select(async u => { await a.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { a.Release(); } }));
        Console.WriteLine(a.CurrentCount);
        await Task.WhenAll(uris.Select(async u => { await b.WaitAsync(ct); try { await NestedAsync(u, b); } finally { b.Release(); } }));
        for (var i = 0; i < 2; i++) { await Task.WhenAll(uris.Select(async u => { await c.WaitAsync(ct); try { c.Release(); await Web.GetAsync(u, ct); } finally { c.Release(); } })); }
        static Task NestedAsync(Uri u, SemaphoreSlim s) => Web.SendAsync(u);
        """));

    [Fact]
    public Task Other_counts_and_waits_are_no_limit_of_that_number() => SilentAsync(InMethod("""
        using var a = new SemaphoreSlim(0, 4); using var b = new SemaphoreSlim(2, 4); using var c = new SemaphoreSlim(4); using var d = new SemaphoreSlim(4);
        a.Release(4);
        await Task.WhenAll(uris.Select(async u => { await a.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { a.Release(); } }));
        await Task.WhenAll(uris.Select(async u => { await b.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { b.Release(); } }));
        await Task.WhenAll(uris.Select(async u => { if (await c.WaitAsync(100, ct)) { try { await Web.GetAsync(u, ct); } finally { c.Release(); } } }));
        await Task.WhenAll(uris.Select(async u => { await d.WaitAsync(ct); try { await Web.GetAsync(u, ct); } finally { d.Release(2); } }));
        """));

    [Fact]
    public Task Tasks_that_are_used_elsewhere_stay() => SilentAsync(InMethod("""
        using var a = new SemaphoreSlim(4); using var b = new SemaphoreSlim(4); using var c = new SemaphoreSlim(4);
        var tasks = uris.Select(async u => { await a.WaitAsync(ct); try { return await Web.GetAsync(u, ct); } finally { a.Release(); } }).ToList();
        Console.WriteLine(tasks.Count);
        await Task.WhenAll(tasks);
        var all = Task.WhenAll(uris.Select(async u => { await b.WaitAsync(ct); try { return await Web.GetAsync(u, ct); } finally { b.Release(); } }));
        Console.WriteLine("started");
        await all;
        await Task.WhenAll(uris.Select(async (u, i) => { await c.WaitAsync(ct); try { return await Web.GetAsync(u, ct) + i; } finally { c.Release(); } }));
        """));
}
