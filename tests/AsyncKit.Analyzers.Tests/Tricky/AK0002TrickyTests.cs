using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0002TrickyTests() : TrickyTests("AK0002")
{
    [Fact]
    public Task A_materialized_and_configured_call_is_the_same_call() => FixesAsync(InMethod("""
        await [|Task.WhenAll(uris.Select(u => Web.GetAsync(u, ct)).ToList())|].ConfigureAwait(false);
        string[] pages = await [|Task.WhenAll(uris.Where(u => u.IsAbsoluteUri).Select(u => Web.GetAsync(u)).ToArray())|];
        """));

    [Fact]
    public Task A_method_group_is_a_selector() => FixesAsync("""
        public class Sample<T>(Func<T, Uri> address)
        {
            public async Task<string[]> RunAsync(IEnumerable<T> items) => await [|Task.WhenAll(items.Select(FetchAsync))|];
            private Task<string> FetchAsync(T item) => Web.GetAsync(address(item));
        }
        """);

    [Fact]
    public Task An_async_block_that_only_reads_is_a_selector() => FixesAsync(InMethod("""
        var sizes = await [|Task.WhenAll(uris.Select(async u =>
        {
            // The page.
            var page = await Web.GetAsync(u, ct).ConfigureAwait(false);
            return (u, page.Length); // Its length.
        }))|];
        """));

    [Fact]
    public Task Type_arguments_and_statics_change_nothing() => FixesAsync("""
        using static System.Threading.Tasks.Task;
        public class Sample
        {
            public async Task RunAsync(List<Uri> uris)
            {
                await [|WhenAll(uris.Select(u => Web.CountAsync(u)))|];
                await [|Task.WhenAll<string>(uris.Select<Uri, Task<string>>(u => Web.GetAsync(u)))|];
            }
        }
        """);

    [Fact]
    public Task A_nested_lambda_and_a_local_function_await_as_well() => FixesAsync(InMethod("""
        Func<Task> run = async () => await [|Task.WhenAll(uris.Select(u => Web.GetAsync(u, ct)))|];
        await run();
        async Task<int> SumAsync() => (await [|Task.WhenAll(uris.Select(u => Web.CountAsync(u, ct)))|]).Sum();
        Console.WriteLine(await SumAsync());
        """));

    [Fact]
    public Task Top_level_statements_await_as_well() => FixesAsync("""
        var uris = args.Select(arg => new Uri(arg));
        foreach (var page in await [|Task.WhenAll(uris.Select(u => Web.GetAsync(u)))|]) // All.
        {
            Console.WriteLine(page);
        }
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_task_that_is_not_awaited_at_once_runs_next_to_others() => SilentAsync("""
        public class Sample
        {
            public Task ReturnAsync(Uri[] uris) => Task.WhenAll(uris.Select(u => Web.GetAsync(u)));
            public async Task RunAsync(Uri[] uris, Task other)
            {
                var all = Task.WhenAll(uris.Select(u => Web.GetAsync(u)));
                await all;
                await Task.WhenAny(Task.WhenAll(uris.Select(u => Web.GetAsync(u))), other);
                await Task.WhenAll(uris.Select(u => Web.GetAsync(u))).WaitAsync(TimeSpan.FromSeconds(1));
                await Task.WhenAll(other, Task.WhenAll(uris.Select(u => Web.GetAsync(u))));
                await Task.WhenAll(uris.Select(u => Web.GetAsync(u)).Append(Web.GetAsync(uris[0])));
            }
        }
        """);

    [Fact]
    public Task A_few_items_need_no_limit() => SilentAsync(InMethod("""
        const int Few = 16;
        await Task.WhenAll(new[] { uri, uris[0] }.Select(u => Web.GetAsync(u, ct)));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Web.GetAsync(uris[i], ct)));
        await Task.WhenAll(Enumerable.Range(1, Few).Select(i => Web.GetAsync(uris[i], ct)));
        await Task.WhenAll(uris.Take(Few).Select(u => Web.GetAsync(u, ct)));
        await Task.WhenAll(new List<Uri> { uri }.Select(u => Web.GetAsync(u, ct)));
        await Task.WhenAll(((Uri[])[uri, uri]).Select(u => Web.GetAsync(u, ct)));
        """));

    [Fact]
    public Task A_test_may_start_many_at_once() => SilentInTestsAsync(InMethod("""
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Web.CountAsync(uris[i], ct)));
        await Task.WhenAll(Enumerable.Repeat(uri, 1000).Select(u => Web.GetAsync(u, ct)).ToArray());
        """));

    [Fact]
    public Task A_chunk_is_a_limit() => SilentAsync(InMethod("""
        foreach (var chunk in uris.Chunk(10)) { await Task.WhenAll(chunk.Select(u => Web.GetAsync(u, ct))); }
        foreach (Uri[] part in Enumerable.Chunk(uris, 10)) { var pages = await Task.WhenAll(part.Select(u => Web.GetAsync(u, ct)).ToList()); }
        """));

    [Fact]
    public Task A_selector_with_its_own_limit_needs_none() => SilentAsync("""
        public class Sample(SemaphoreSlim turn, ConcurrencyGate gate)
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await Task.WhenAll(uris.Select(async u => { await turn.WaitAsync(ct); try { return await Web.GetAsync(u, ct); } finally { turn.Release(); } }));
                await Task.WhenAll(uris.Select(async u => { using var lease = await gate.AcquireAsync(ct); return await Web.GetAsync(u, ct); }));
                await Task.WhenAll(uris.Select(u => Task.Run(() => Web.GetAsync(u, ct), ct)));
                await Task.WhenAll(uris.Select(async u => await Task.Run(() => Web.Read(u, ct), ct)));
            }
        }
        """);

    [Fact]
    public Task Other_verbs_mean_to_run_at_once() => SilentAsync("""
        public interface ISubscription { Task NotifyAsync(); Task<int> CheckoutAsync(); Task StartAsync(); Task<int> GetAsync(); }
        public class Sample
        {
            public async Task RunAsync(List<ISubscription> all, Uri[] uris, Func<Uri, Task<string>> load)
            {
                await Task.WhenAll(all.Select(s => s.NotifyAsync()));
                await Task.WhenAll(all.Select(s => s.CheckoutAsync()));
                await Task.WhenAll(all.Select(async s => { await s.GetAsync(); await s.StartAsync(); }));
                await Task.WhenAll(all.Select(s => s.StartAsync()).ToArray());
                await Task.WhenAll(uris.Select(load));
                await Task.WhenAll(uris.Select(u => load(u)));
                await Task.WhenAll(all.Select(s => s.GetAsync().ContinueWith(t => t.Result)));
            }
        }
        """);

    [Fact]
    public Task Items_that_are_tasks_run_already() => SilentAsync("""
        public class Sample
        {
            public async Task RunAsync(List<Task<Uri>> tasks, Dictionary<string, Task<Uri>> map)
            {
                await Task.WhenAll(tasks.Select(async t => await ReadAsync(t)));
                await Task.WhenAll(tasks.Select(ReadAsync));
                static async Task<string> ReadAsync(Task<Uri> t) => await Web.GetAsync(await t);
            }
        }
        """);

    [Fact]
    public Task Another_select_or_when_all_is_not_meant() => SilentAsync("""
        public static class Own { public static IEnumerable<R> Select<T, R>(this T[] all, Func<T, R> f) => Enumerable.Select(all, f); }
        public static class Tasks { public static Task WhenAll<T>(IEnumerable<Task<T>> tasks) => Task.WhenAll(tasks); }
        public class Sample
        {
            public async Task RunAsync(Uri[] uris, IQueryable<Uri> query, List<Uri> list, dynamic any)
            {
                await Task.WhenAll(uris.Select(u => Web.GetAsync(u)));
                await Tasks.WhenAll(list.Select(u => Web.GetAsync(u)));
                await Task.WhenAll(list.Select((u, i) => Web.GetAsync(new Uri(u, i.ToString()))));
                await Task.WhenAll(list.AsParallel().Select(u => Web.GetAsync(u)));
                await Task.WhenAll(query.Select(u => Web.GetAsync(u, default)));
                await Task.WhenAny(list.Select(u => Web.GetAsync(u)));
                await Task.WhenAll(list.SelectMany(u => new[] { Web.GetAsync(u) }));
            }
        }
        """);
}
