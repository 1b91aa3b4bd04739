namespace AsyncKit.Analyzers.Tests;

public class AK0006TrickyTests() : TrickyTests("AK0006")
{
    [Fact]
    public Task Conditional_access_to_a_list_adds_as_well() => ReportsAsync(InMethod("""
        List<string>? found = uris.Count > 0 ? [] : null;
        await uris.FanOutAsync(8, async (u, token) => { var page = await Web.GetAsync(u, token); found?[|.Add(page)|]; await Task.Yield(); }, ct);
        """));

    [Fact]
    public Task A_compound_assignment_to_an_indexer_sets_it() => ReportsAsync(InMethod("""
        var sizes = new Dictionary<string, int>();
        var all = new SortedList<string, Uri>();
        await uris.FanOutAsync(new FanOutOptions { MaxConcurrency = uris.Count }, async (u, token) =>
        {
            [|sizes[u.Host]|]++;
            [|sizes[u.Host]|] += await Web.CountAsync(u, token);
            [|all[u.Host]|] = u;
        }, ct);
        """));

    [Fact]
    public Task A_selector_is_concurrent_after_its_first_await_only() => ReportsAsync(InMethod("""
        var found = new List<string>();
        var started = 0;
        await Task.WhenAll(uris.Select(async u =>
        {
            started++;
            found.Add("started");
            var page = await Web.GetAsync(u, ct);
            [|found.Add(page)|];
        }));
        """));

    [Fact]
    public Task A_local_function_may_be_called_under_a_lock() => SilentAsync(InMethod("""
        var queue = new Queue<string>();
        await uris.FanOutAsync(8, async (u, token) =>
        {
            var page = await Web.GetAsync(u, token);
            lock (queue) { Keep(page); }
            void Keep(string page) => queue.Enqueue(page);
        }, ct);
        """));

    [Fact]
    public Task A_sum_of_awaited_values_loses_some() => FixesAsync(InMethod("""
        var total = 0;
        long bytes = 0;
        await uris.FanOutAsync(8, async (u, token) =>
        {
            [|total += await Web.CountAsync(u, token)|];
            [|bytes -= 5|];
            [|--total|];
        }, ct);
        Console.WriteLine(total + bytes);
        """));

    [Fact]
    public Task A_value_of_a_decrement_is_used() => ReportsAsync(InMethod("""
        var left = uris.Count;
        await Parallel.ForEachAsync(uris, ct, async (u, token) =>
        {
            await Web.SendAsync(u, token);
            if ([|--left|] == 0)
            {
                Console.WriteLine("done");
            }
        });
        """));

    [Fact]
    public Task A_lock_that_the_caller_holds_does_not_protect_the_operations() => ReportsAsync(InMethod("""
        var found = new HashSet<string>();
        lock (found)
        {
            Parallel.ForEach(uris, u => [|found.Add(u.Host)|]);
        }
        """));

    [Fact]
    public Task A_list_of_the_outer_operation_is_shared_by_the_inner_ones() => ReportsAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            var links = new List<string>();
            links.Add(u.Host);
            await uris.FanOutAsync(4, async (link, inner) =>
            {
                var own = new List<string>();
                own.Add(await Web.GetAsync(link, inner));
                if (own.Count > 0) { [|links.Add(own[0])|]; Console.WriteLine(link); }
            }, token);
        }, ct);
        """));

    [Fact]
    public Task A_type_parameter_may_be_a_context() => ReportsAsync("""
        using Microsoft.EntityFrameworkCore;
        public class Sample<TContext>(TContext context) where TContext : DbContext
        {
            public Task RunAsync(Uri[] uris, CancellationToken ct) => uris.FanOutAsync(8, async (u, token) =>
            {
                await [|context.SaveChangesAsync(token)|];
            }, ct);
        }
        """);

    [Fact]
    public Task A_parameter_of_a_primary_constructor_is_shared() => ReportsAsync("""
        public partial class Sample(StringBuilder log, int sent)
        {
            public Task RunAsync(Uri[] uris, CancellationToken ct) => uris.FanOutAsync(8, async (u, token) =>
            {
                await Web.SendAsync(u, token);
                [|log.Append(u)|].Append('\n');
                [|sent++|];
            }, ct);
            public int Sent => sent;
        }
        """);

    [Fact]
    public Task A_static_imported_by_using_static_is_shared() => FixesAsync("""
        using static Counters;
        public static class Counters
        {
            public static int Sent;
            public const int Limit = 8;
        }
        public class Sample
        {
            public async Task RunAsync(IAsyncEnumerable<Uri> uris, CancellationToken ct) =>
                await uris.FanOutAsync(Limit, async (u, token) => { await Web.SendAsync(u, token); [|Sent++|]; }, ct);
        }
        """);

    [Fact]
    public Task A_list_filled_by_the_last_statement_becomes_the_result() => FixesAsync(InMethod("""
        var found = new List<(Uri, string)>();
        await uris.FanOutAsync(8, async (u, token) =>
        {
            // The page comes first.
            var page = await Web.GetAsync(u, token);
            [|found.Add((u, page))|]; // Then the pair.
        }, ct);
        Console.WriteLine(found.Count);
        """));

    [Fact]
    public Task A_lock_in_the_operation_protects() => SilentAsync(InMethod("""
        var found = new List<string>();
        var gate = new Lock();
        var other = new object();
        using var spin = new SemaphoreSlim(1);
        var count = 0;
        await uris.FanOutAsync(8, async (u, token) =>
        {
            var page = await Web.GetAsync(u, token);
            lock (found) { found.Add(page); count++; }
            lock (gate) { found.Add(page); }
        }, ct);
        await uris.FanOutAsync(8, async (u, token) => { await Task.Yield(); using (gate.EnterScope()) { count++; } }, ct);
        Parallel.ForEach(uris, u => { Monitor.Enter(other); try { count++; } finally { Monitor.Exit(other); } });
        Parallel.ForEach(uris, u => { spin.Wait(); try { count++; } finally { spin.Release(); } });
        await uris.FanOutAsync(8, async (u, token) => { await spin.WaitAsync(token); try { count++; } finally { spin.Release(); } }, ct);
        """));

    [Fact]
    public Task A_lease_taken_earlier_protects() => SilentAsync(InMethod("""
        var found = new Dictionary<string, string>();
        var asyncLock = new AsyncLock();
        var keys = new KeyedLock<string>();
        await uris.FanOutAsync(8, async (u, token) =>
        {
            using var lease = await asyncLock.AcquireAsync(token);
            if (!found.ContainsKey(u.Host)) { found[u.Host] = await Web.GetAsync(u, token); }
        }, ct);
        await uris.FanOutAsync(8, async (u, token) =>
        {
            using (await keys.AcquireAsync("all", token).ConfigureAwait(false)) { found.Remove(u.Host); }
        }, ct);
        """));

    [Fact]
    public Task A_limit_of_one_is_no_concurrency() => SilentAsync(InMethod("""
        const int One = 1;
        var count = 0;
        var single = new ParallelOptions { MaxDegreeOfParallelism = 1, CancellationToken = ct };
        var alone = new FanOutOptions(1);
        await uris.FanOutAsync(maxConcurrency: One, async (u, token) => { await Web.SendAsync(u, token); count++; }, ct);
        await uris.FanOutAsync(new FanOutOptions { MaxConcurrency = 1 }, async (u, token) => { await Web.SendAsync(u, token); count++; }, ct);
        await uris.FanOutAsync(new FanOutOptions(8) { MaxConcurrency = 2 - 1 }, async (u, token) => { await Web.SendAsync(u, token); count++; }, ct);
        await uris.FanOutAsync(alone, async (u, token) => { await Web.SendAsync(u, token); count++; }, ct);
        await Parallel.ForEachAsync(uris, single, async (u, token) => { await Web.SendAsync(u, token); count++; });
        Parallel.ForEach(uris, new ParallelOptions { MaxDegreeOfParallelism = 1 }, u => count++);
        """));

    [Fact]
    public Task State_of_the_item_or_of_the_worker_is_not_shared() => SilentAsync("""
        public class Order { public int Tries; public List<string> Lines { get; } = []; public StringBuilder Log = new(); }
        public class Sample
        {
            public async Task RunAsync(Order[] orders, Dictionary<string, Order> named, CancellationToken ct)
            {
                await orders.FanOutAsync(8, async (order, token) => { await Task.Delay(1, token); order.Tries++; order.Lines.Add("a"); order.Log.Append('a'); }, ct);
                await named.FanOutAsync(8, async (pair, token) => { await Task.Delay(1, token); pair.Value.Tries += 2; }, ct);
                await orders.PerWorker(async token => { await Task.Yield(); return new List<Order>(); })
                    .FanOutAsync(8, async (list, order, token) => { list.Add(order); await Task.Delay(list.Count, token); }, ct);
                await Task.WhenAll(orders.Select(async order => { await Task.Yield(); order.Tries++; }));
                Parallel.ForEach(orders, () => 0, (order, state, sum) => { sum += order.Tries; return sum; }, sum => Console.WriteLine(sum));
            }
        }
        """);

    [Fact]
    public Task State_that_the_operation_made_is_its_own() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            var (list, count) = (new List<string>(), 0);
            object boxed = list;
            if (boxed is List<string> { Count: 0 } found) { found.Add(await Web.GetAsync(u, token)); }
            foreach (var inner in new[] { new List<int>() }) { inner.Add(count++); }
            void Keep(StringBuilder log) { log.Append(u); count += 2; }
            Keep(new StringBuilder());
        }, ct);
        """));

    [Fact]
    public Task The_reader_of_a_stream_is_one() => SilentAsync(InMethod("""
        var found = new List<string>();
        var count = 0;
        await foreach (var page in uris.FanOutStream(8, async (u, token) => await Web.GetAsync(u, token), ct))
        {
            found.Add(page);
            count++;
        }

        found.AddRange(await uris.FanOutAsync(8, (u, token) => Web.GetAsync(u, token), ct));
        await Retry.RunAsync(async token => { count++; found.Add(await Web.GetAsync(uri, token)); }, cancellationToken: ct);
        await Deadline.RunAsync(async token => { count++; await Web.SendAsync(uri, token); }, TimeSpan.FromSeconds(1), ct);
        """));

    [Fact]
    public Task A_selector_that_never_awaits_runs_one_after_another() => SilentAsync(InMethod("""
        var count = 0;
        var found = new List<Uri>();
        await Task.WhenAll(uris.Select(u => { count++; found.Add(u); return Web.SendAsync(u, ct); }));
        await Task.WhenAll(uris.Where(u => count++ > 0).Select(u => Web.SendAsync(u, ct)));
        foreach (var task in uris.Select(async u => { await Web.SendAsync(u, ct); count++; })) { await task; }
        """));

    [Fact]
    public Task An_event_and_a_thread_static_are_safe() => SilentAsync("""
        public class Sample
        {
            [ThreadStatic] private static int t_count;
            private int _sent;
            public event EventHandler? Changed;
            public Task RunAsync(Uri[] uris, CancellationToken ct) => uris.FanOutAsync(8, async (u, token) =>
            {
                await Web.SendAsync(u, token);
                t_count++;
                Changed += (_, _) => Console.WriteLine(u);
                Interlocked.Increment(ref _sent);
                Changed?.Invoke(this, EventArgs.Empty);
            }, ct);
        }
        """);

    [Fact]
    public Task Concurrent_immutable_and_read_only_uses_are_safe() => SilentAsync("""
        using System.Collections.Concurrent;
        using System.Collections.Immutable;
        public class Sample
        {
            public async Task RunAsync(Uri[] uris, Dictionary<string, int> sizes, List<string> names, CancellationToken ct)
            {
                var bag = new ConcurrentBag<string>();
                var map = new ConcurrentDictionary<string, int>();
                var list = ImmutableList<string>.Empty;
                var results = new string[uris.Length];
                Uri? last = null;
                await uris.FanOutAsync(8, async (u, token) =>
                {
                    bag.Add(await Web.GetAsync(u, token));
                    map[u.Host] = 1;
                    results[Array.IndexOf(uris, u)] = u.Host;
                    last = u;
                    _ = list.Add(u.Host);
                    names[0] = u.Host;
                    _ = sizes.TryGetValue(u.Host, out var size) && names.Contains("a") && sizes[u.Host] > 0 && names.IndexOf("a") > 0;
                    foreach (var (key, value) in sizes) { Console.WriteLine(key + value + size); }
                    _ = names.Where(n => n.Length > 0).ToList();
                }, ct);
            }
        }
        """);

    [Fact]
    public Task A_variable_of_the_lambda_hides_the_outer_one() => SilentAsync(InMethod("""
        var found = new List<string>();
        var count = 0;
        await uris.FanOutAsync(8, async (u, token) =>
        {
            Func<List<string>, int, int> add = (found, count) => { found.Add(u.Host); return count++; };
            static void Local(List<string> found, int count) { found.Clear(); count += 1; }
            Local([], add([], 1));
            await Web.SendAsync(u, token);
        }, ct);
        """));

    [Fact]
    public Task A_query_that_is_an_expression_tree_runs_elsewhere() => SilentAsync("""
        public class Sample
        {
            private int _count;
            public async Task RunAsync(IQueryable<Uri> uris, List<string> found, CancellationToken ct)
            {
                var tasks = uris.Select(u => Web.GetAsync(u, ct));
                foreach (var page in await Task.WhenAll(tasks)) { found.Add(page); _count++; }
            }
        }
        """);
}
