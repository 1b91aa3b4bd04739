using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.SharedStateAnalyzer, AsyncKit.Analyzers.SharedStateFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class SharedStateTests
{
    private const string Template = """
        #pragma warning disable CS4014, CS8321, CS0169, CS0649
        public class Db : Microsoft.EntityFrameworkCore.DbContext { public Microsoft.EntityFrameworkCore.DbSet<string> Rows => Set<string>(); }
        public class Item { public int Hits; public List<int> Parts = []; }
        public static class Dapper { public static Task<int> ExecuteAsync(this System.Data.Common.DbConnection connection, string sql) => Task.FromResult(1); }
        public class C(List<string> shared)
        {
            private int _count;
            private static long Total;
            [ThreadStatic] private static int Own;
            private readonly Dictionary<string, int> _cache = [];
            private readonly object _sync = new();
            private readonly Lock _lock = new();
            private List<string> Pages { get; } = [];
            public async Task<object?> RunAsync(Uri[] uris, Item[] items, Db db, System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, AsyncLock mutex, KeyedLock<Uri> keys, ConcurrencyGate gate, SemaphoreSlim s, int limit, FanOutOptions unknown, CancellationToken ct)
            {
                List<string> found = []; Dictionary<Uri, int> map = []; HashSet<Uri> seen = []; Queue<Uri> queue = new(); Stack<Uri> stack = new();
                SortedList<string, int> sortedList = []; SortedDictionary<string, int> sortedMap = []; SortedSet<string> sorted = []; LinkedList<string> linked = new();
                StringBuilder text = new(); int sent = 0; long total = 0; var counts = new int[9]; string all = "";
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task A_mutation_of_a_captured_collection_is_reported() => EachAsync(
        "await uris.FanOutAsync(8, async (u, t) => { var page = await Web.GetAsync(u, t); [|found.Add(page)|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { [|map[u]|] = await Web.CountAsync(u, t); });",
        "await uris.FanOutAsync(limit, async (u, t) => { [|map[u]|] += await Web.CountAsync(u, t); });",
        "await uris.FanOutAsync(new FanOutOptions(4), async (u, t) => { if ([|seen.Add(u)|]) { await Web.SendAsync(u, t); } });",
        "await uris.FanOutAsync(new FanOutOptions { MaxConcurrency = 4, Lookahead = 8 }, async (u, t) => { await Web.SendAsync(u, t); [|queue.Enqueue(u)|]; [|stack.Push(u)|]; });",
        "var options = new FanOutOptions(4); await uris.FanOutAsync(options, async (u, t) => { await Web.SendAsync(u, t); [|sorted.Add(\"\")|]; [|linked.AddLast(\"\")|]; [|sortedMap.Add(\"\", 1)|]; [|sortedList[\"\"]|] = 1; });",
        "await uris.FanOutReportAsync(8, async (u, t) => { await Web.SendAsync(u, t); [|text.AppendLine(\"a\")|]; });",
        "await foreach (var x in uris.FanOutStream(8, async (u, t) => { [|_cache.TryAdd(\"\", 1)|]; return await Web.GetAsync(u, t); })) { }",
        "await uris.FanOutBlockingAsync(8, (u, t) => { [|shared.Add(\"\")|]; });",
        "await uris.PerWorker(t => Task.FromResult(1)).FanOutAsync(8, async (worker, u, t) => { await Web.SendAsync(u, t); [|found.Clear()|]; });",
        "await Parallel.ForEachAsync(uris, async (u, t) => { await Web.SendAsync(u, t); [|found.Add(\"\")|]; });",
        "await Parallel.ForEachAsync(uris, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (u, t) => { await Web.SendAsync(u, t); [|found.Add(\"\")|]; });",
        "Parallel.ForEach(uris, u => [|found.Add(\"\")|]);",
        "Parallel.For(0, 9, i => { [|found.RemoveAt(i)|]; });",
        "await Parallel.ForAsync(0, 9, async (i, t) => { await Task.Yield(); [|found.Insert(i, \"\")|]; });",
        "await Task.WhenAll(uris.Select(async u => { var page = await Web.GetAsync(u); [|found.Add(page)|]; }));",
        "await Task.WhenAll(uris.Select(async u => [|found.Add(await Web.GetAsync(u))|]).ToArray());");

    [Fact]
    public Task A_read_and_write_of_a_captured_variable_is_reported() => EachAsync(
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); [|sent++|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { [|total += await Web.CountAsync(u, t)|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); [|--_count|]; [|Total -= 2|]; [|all += u|]; });",
        "Parallel.ForEach(uris, u => { [|this._count++|]; });",
        "await Task.WhenAll(uris.Select(async u => { await Web.SendAsync(u); [|sent++|]; }));");

    [Fact]
    public Task A_shared_database_connection_is_reported() => EachAsync(
        "await uris.FanOutAsync(8, async (u, t) => { await [|db.SaveChangesAsync(t)|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { await [|connection.OpenAsync(t)|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { await [|connection.ExecuteAsync(\"\")|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { await [|transaction.CommitAsync(t)|]; });");

    [Fact]
    public Task Safe_state_is_not_reported() => EachAsync(
        "await uris.FanOutAsync(1, async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "const int One = 1; await uris.FanOutAsync(One, async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(new FanOutOptions(1), async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(new FanOutOptions { MaxConcurrency = 1 }, async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(new FanOutOptions { MaxConcurrency = 8, Partition = FanOutPartition.By((Uri u) => 1, maxPerKey: 1) }, async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(new FanOutOptions { MaxConcurrency = 8, Gate = gate }, async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(unknown, async (u, t) => { found.Add(await Web.GetAsync(u, t)); });",
        "await Parallel.ForEachAsync(uris, new ParallelOptions { MaxDegreeOfParallelism = 1 }, async (u, t) => { await Task.Yield(); found.Add(\"\"); });",
        "var one = new ParallelOptions { MaxDegreeOfParallelism = 1 }; await Parallel.ForEachAsync(uris, one, async (u, t) => { await Task.Yield(); found.Add(\"\"); });",
        "await uris.FanOutAsync(8, async (u, t) => { await Task.Yield(); lock (_sync) { found.Add(\"\"); sent++; } });",
        "await uris.FanOutAsync(8, async (u, t) => { await Task.Yield(); lock (_lock) { found.Add(\"\"); } });",
        "await uris.FanOutAsync(8, async (u, t) => { using (await mutex.AcquireAsync(t)) { found.Add(\"\"); sent++; } });",
        "await uris.FanOutAsync(8, async (u, t) => { using var lease = await keys.AcquireAsync(u, t); found.Add(\"\"); });",
        "await uris.FanOutAsync(8, async (u, t) => { await s.WaitAsync(t); try { found.Add(\"\"); } finally { s.Release(); } });",
        "await uris.FanOutAsync(8, async (u, t) => { await Task.Yield(); Monitor.Enter(_sync); found.Add(\"\"); Monitor.Exit(_sync); });",
        "var bag = new System.Collections.Concurrent.ConcurrentBag<string>(); await uris.FanOutAsync(8, async (u, t) => bag.Add(await Web.GetAsync(u, t)));",
        "var known = new System.Collections.Concurrent.ConcurrentDictionary<Uri, int>(); await uris.FanOutAsync(8, async (u, t) => { known[u] = await Web.CountAsync(u, t); });",
        "var immutable = System.Collections.Immutable.ImmutableList<string>.Empty; await uris.FanOutAsync(8, async (u, t) => { immutable.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(8, async (u, t) => { counts[0] = await Web.CountAsync(u, t); counts[1]++; });",
        "await uris.FanOutAsync(8, async (u, t) => { found[0] = await Web.GetAsync(u, t); });",
        "await uris.FanOutAsync(8, async (u, t) => { List<string> own = []; own.Add(await Web.GetAsync(u, t)); var n = 0; n++; });",
        "await items.FanOutAsync(8, async (item, t) => { await Task.Yield(); item.Parts.Add(1); item.Hits++; });",
        "await uris.PerWorker(t => Task.FromResult(new List<string>())).FanOutAsync(8, async (list, u, t) => { list.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(8, async (u, t) => { sent = await Web.CountAsync(u, t); });",
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); Interlocked.Increment(ref sent); Interlocked.Add(ref total, 2); });",
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); _ = found.Count + found[0].Length + (map.ContainsKey(u) ? 1 : 0); });",
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); Own++; });",
        "foreach (var u in uris) { found.Add(await Web.GetAsync(u)); sent++; await db.SaveChangesAsync(ct); }",
        "await Task.WhenAll(uris.Select(u => { found.Add(\"\"); sent++; return Web.SendAsync(u); }));",
        "await Task.WhenAll(uris.Select(async u => { found.Add(\"\"); sent++; await Web.SendAsync(u); }));",
        "var tasks = uris.Select(async u => { found.Add(\"\"); await Web.SendAsync(u); }); foreach (var task in tasks) { await task; }",
        "await uris.FanOutAsync(8, async (u, t) => { await using var own = new Db(); await own.SaveChangesAsync(t); });");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "async Task EachAsync<T>(T[] xs, List<T> into) => await xs.FanOutAsync(8, async (x, t) => { await Task.Yield(); [|into.Add(x)|]; });",
        "await uris.FanOutAsync(8, LocalAsync); async Task LocalAsync(Uri u, CancellationToken t) => found.Add(await Web.GetAsync(u, t));",
        "await uris.FanOutAsync(8, async (u, t) => { Safe(() => found.Add(\"\")); await Task.Yield(); }); void Safe(Action a) { lock (_sync) { a(); } }",
        "await uris.FanOutAsync(8, async (u, t) => { if (Interlocked.Increment(ref sent) == uris.Length) { found.Add(await Web.GetAsync(u, t)); } });",
        "await uris.FanOutAsync(8, async (u, t) => { if (u == uris[0]) { found.Add(await Web.GetAsync(u, t)); } });",
        "await uris.FanOutAsync(8, async (u, t) => { await using var stream = new MemoryStream(); await stream.WriteAsync(new byte[1], t); [|sent++|]; });",
        "await uris.FanOutAsync(8, async (u, t) => { if (await Web.CountAsync(u, t) is > 1 and var n) { [|total += n|]; } });",
        "await uris.FanOutAsync(8, async (u, t) => { dynamic d = found; d.Add(await Web.GetAsync(u, t)); });",
        "System.Linq.Expressions.Expression<Action<List<string>>> e = list => list.Add(\"\"); await uris.FanOutAsync(8, async (u, t) => { await Task.Yield(); });",
        "await uris.FanOutAsync(8, async (u, t) => {\n#if NEVER\nsent++;\n#endif\nawait Web.SendAsync(u, t); });",
        "await uris.FanOutAsync(8, async (u, t) => { await uris.FanOutAsync(1, async (v, t2) => { [|found.Add(await Web.GetAsync(v, t2))|]; }); });".Replace("[|", "", StringComparison.Ordinal).Replace("|]", "", StringComparison.Ordinal),
        "await uris.FanOutAsync(1, async (u, t) => { await uris.FanOutAsync(8, async (v, t2) => { [|found.Add(await Web.GetAsync(v, t2))|]; }); });",
        "await uris.FanOutAsync(8, async (u, t) => { List<string> own = []; await uris.FanOutAsync(8, async (v, t2) => { [|own.Add(await Web.GetAsync(v, t2))|]; }); });",
        "await uris.FanOutAsync(8, async (u, t) => { Pages.Add(await Web.GetAsync(u, t)); });",
        "IList<string> list = found; await uris.FanOutAsync(8, async (u, t) => { list.Add(await Web.GetAsync(u, t)); });",
        "await uris.FanOutAsync(8, async (u, t) => { var alias = found; alias.Add(await Web.GetAsync(u, t)); });",
        "Action? done = null; await uris.FanOutAsync(8, async (u, t) => { await Task.Yield(); done?.Invoke(); });",
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); _ = nameof(found.Add); });",
        "var state = (Count: 0, 1); await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); state.Count = 1; });",
        "await uris.FanOutAsync(8, async (u, t) => { await Web.SendAsync(u, t); checked { [|sent++|]; } });");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new SharedStateAnalyzer(),
        """
        var sent = 0;
        await new[] { 1 }.FanOutAsync(8, async (i, t) => { await Task.Delay(i, t); [|sent++|]; });
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public Task A_partial_class_is_seen_through() => Verify.ReportsAsync(new SharedStateAnalyzer(), """
        public partial class C<T> { private readonly List<T> _list = []; }
        public partial class C<T>
        {
            public Task RunAsync(T[] items) => items.FanOutAsync(8, async (i, t) => { await Task.Yield(); [|_list.Add(i)|]; });
        }
        """);

    [Theory]
    [InlineData("AsyncKit.Testing")]
    [InlineData("PresentationFramework")]
    public async Task Code_that_may_run_on_one_thread_is_not_reported(string reference)
    {
        var assembly = CSharpCompilation.Create(reference, options: Code.Options).AddReferences(Code.References).ToMetadataReference();
        var compilation = Verify.Compile(
            """
            public sealed class C
            {
                public Task RunAsync(Uri[] uris, List<string> found) =>
                    Task.WhenAll(uris.Select(async uri => found.Add(await Web.GetAsync(uri))));
            }
            """,
            Code.References,
            OutputKind.DynamicallyLinkedLibrary);

        Assert.Single(await Verify.FindAsync(new SharedStateAnalyzer(), compilation));
        Assert.Empty(await Verify.FindAsync(new SharedStateAnalyzer(), compilation.AddReferences(assembly)));
    }

    [Fact]
    public async Task The_message_names_the_state() => Assert.Equal(
        ["'found' is not thread-safe, and concurrent operations use it", "'sent' is not thread-safe, and concurrent operations use it"],
        await Verify.MessagesAsync(new SharedStateAnalyzer(), """
            public sealed class C
            {
                public async Task RunAsync(Uri[] uris, List<string> found, int sent) => await uris.FanOutAsync(8, async (u, t) =>
                {
                    found.Add(await Web.GetAsync(u, t));
                    sent++;
                });
            }
            """));

    [Fact]
    public Task A_list_and_a_counter_are_fixed() => Fix.FixesAsync(
        """
        public sealed class C
        {
            private int _sent;

            public async Task<List<string>> RunAsync(Uri[] uris, CancellationToken ct)
            {
                var found = new List<string>();
                long total = 0;
                // All pages.
                await uris.FanOutAsync(8, async (uri, ct) => { var page = await Web.GetAsync(uri, ct); {|AK0006:found.Add(page)|}; }, ct); // Done.
                await uris.FanOutAsync(8, async (uri, ct) =>
                {
                    var page = await Web.GetAsync(uri, ct);
                    // Keep it.
                    {|AK0006:found.Add(page)|}; // Kept.
                }, ct).ConfigureAwait(false);
                await uris.FanOutAsync(8, async (uri, ct) => {|AK0006:found.Add(await Web.GetAsync(uri, ct))|}, ct);
                await uris.FanOutAsync(8, async (uri, ct) =>
                {
                    var count = await Web.CountAsync(uri, ct);
                    {|AK0006:_sent++|}; // Sent.
                    {|AK0006:total += count|};
                    {|AK0006:total += await Web.CountAsync(uri, ct)|};
                    {|AK0006:total -= count + 1|};
                    {|AK0006:--_sent|};
                }, ct);
                return found;
            }
        }
        """,
        """
        public sealed class C
        {
            private int _sent;

            public async Task<List<string>> RunAsync(Uri[] uris, CancellationToken ct)
            {
                var found = new List<string>();
                long total = 0;
                // All pages.
                found.AddRange(await uris.FanOutAsync(8, async (uri, ct) => { var page = await Web.GetAsync(uri, ct); return page; }, ct)); // Done.
                found.AddRange(await uris.FanOutAsync(8, async (uri, ct) =>
                {
                    var page = await Web.GetAsync(uri, ct);
                    // Keep it.
                    return page; // Kept.
                }, ct).ConfigureAwait(false));
                found.AddRange(await uris.FanOutAsync(8, async (uri, ct) => await Web.GetAsync(uri, ct), ct));
                await uris.FanOutAsync(8, async (uri, ct) =>
                {
                    var count = await Web.CountAsync(uri, ct);
                    Interlocked.Increment(ref _sent); // Sent.
                    Interlocked.Add(ref total, count);
                    Interlocked.Add(ref total, await Web.CountAsync(uri, ct));
                    Interlocked.Add(ref total, -(count + 1));
                    Interlocked.Decrement(ref _sent);
                }, ct);
                return found;
            }
        }
        """);

    [Fact]
    public Task Other_shapes_have_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            private readonly List<string> _found = [];

            public async Task RunAsync(Uri[] uris, double sum, uint small)
            {
                var list = new List<string>();
                var other = 0;
                await uris.FanOutAsync(8, async (u, t) => { _found.Add(await Web.GetAsync(u, t)); });
                await uris.FanOutAsync(8, async (u, t) => { list.Add(await Web.GetAsync(u, t)); await Task.Yield(); });
                await uris.FanOutAsync(8, async (u, t) => { if (u.IsFile) { return; } list.Add(await Web.GetAsync(u, t)); });
                await uris.FanOutAsync(8, async (u, t) => { var n = list.Count; list.Add(await Web.GetAsync(u, t)); });
                await uris.FanOutReportAsync(8, async (u, t) => { list.Add(await Web.GetAsync(u, t)); });
                await uris.FanOutAsync(8, async (u, t) => { await Task.Yield(); sum += 1; small++; Console.WriteLine(other++); });
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new SharedStateAnalyzer(), Template, bodies);
}
