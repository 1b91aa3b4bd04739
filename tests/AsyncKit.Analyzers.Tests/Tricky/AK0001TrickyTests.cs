using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0001TrickyTests() : TrickyTests("AK0001")
{
    [Fact]
    public Task A_configured_await_in_an_embedded_statement_is_an_await() => FixesAsync(InMethod("""
        [|foreach|] (var u in uris)
            await Web.CountAsync(u, ct).ConfigureAwait(false);
        """));

    [Fact]
    public Task A_part_of_the_item_mentions_it() => FixesAsync(InMethod("""
        var named = uris.ToDictionary(u => u.Host);
        var found = new List<string>();
        [|foreach|] (KeyValuePair<string, Uri> pair in named)
        {
            found.Add(await Web.GetAsync(pair.Value, ct));
        }
        """));

    [Fact]
    public Task A_local_computed_from_the_item_mentions_it() => FixesAsync(InMethod("""
        List<(string, int)> found = [];
        [|foreach|] (var host in uris.Select(u => u.Host))
        {
            // The address first.
            var address = new Uri("http://" + host);
            var page = await Web.GetAsync(address, ct); // The page.
            found.Add((page, page.Length));
        }
        """));

    [Fact]
    public Task A_receiver_that_is_the_item_mentions_it() => FixesAsync("""
        public interface IPage<T> { Task<T> LoadAsync(CancellationToken ct = default); }
        public class Sample
        {
            public async ValueTask<List<T>> RunAsync<T>(IEnumerable<IPage<T>?> pages, CancellationToken ct)
            {
                var found = new List<T>();
                [|foreach|] (var page in pages)
                {
                    found.Add(await page!.LoadAsync(ct));
                }

                return found;
            }
        }
        """);

    [Fact]
    public Task A_lambda_and_a_local_function_are_async_as_well() => FixesAsync(InMethod("""
        Func<Task> run = async () => { [|foreach|] (var u in uris) { await Web.CountAsync(u, ct); } };
        await run();
        await LocalAsync(uris, u => u);
        async Task LocalAsync<T>(IEnumerable<T> all, Func<T, Uri> address) where T : notnull { [|foreach|] (T item in all) { await Web.GetAsync(new Uri(item.ToString()!)); } }
        """));

    [Fact]
    public Task Top_level_statements_are_async_as_well() => FixesAsync("""
        var uris = args.Select(arg => new Uri(arg)).ToList();
        var found = new List<int>();
        [|foreach|] (var u in uris)
        {
            found.Add(await Web.CountAsync(u));
        }

        Console.WriteLine(found.Count);
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_delegate_may_do_anything() => SilentAsync(InMethod("""
        var found = new List<string>();
        Func<Uri, Uri> next = x => new Uri(x, found.Count.ToString());
        foreach (var u in uris)
        {
            found.Add(await Web.GetAsync(next(u), ct));
        }
        """));

    [Fact]
    public Task Leaving_the_loop_depends_on_the_order() => SilentAsync(InMethod("""
        foreach (var u in uris) { var page = await Web.GetAsync(u, ct); if (page.Length > 0) { break; } }
        foreach (var u in uris) { if (u.IsFile) { continue; } await Web.CountAsync(u, ct); }
        foreach (var u in uris) { var page = await Web.GetAsync(u, ct); if (page.Length > 0) { return; } }
        foreach (var u in uris) { var page = await Web.GetAsync(u ?? throw new InvalidOperationException(), ct); }
        foreach (var u in uris) { var page = await Web.GetAsync(u, ct); if (page.Length == 0) { goto end; } }
        end: Console.WriteLine("done");
        """));

    [Fact]
    public Task State_outside_of_the_loop_depends_on_the_order() => SilentAsync(InMethod("""
        var total = 0; string? last = null; var cache = new Dictionary<string, string>(); Uri? previous = null; var size = 0;
        foreach (var u in uris) { total += await Web.CountAsync(u, ct); }
        foreach (var u in uris) { last = await Web.GetAsync(u, ct); }
        foreach (var u in uris) { cache[u.Host] = await Web.GetAsync(u, ct); }
        foreach (var u in uris) { var page = await Web.GetAsync(previous ?? u, ct); previous = u; }
        foreach (var u in uris) { var page = await Web.GetAsync(u, ct); int.TryParse(page, out size); }
        foreach (var u in uris) { var page = await Web.GetAsync(u, ct); _count++; }
        foreach (var u in uris) { (last, size) = (await Web.GetAsync(u, ct), 1); }
        """));

    [Fact]
    public Task A_result_of_an_earlier_item_is_a_dependency() => SilentAsync(InMethod("""
        var found = new List<string>();
        foreach (var u in uris) { var n = found.Count; found.Add(await Web.GetAsync(u, ct) + n); }
        foreach (var u in uris) { if (found.Contains(u.Host)) { var x = 1; } found.Add(await Web.GetAsync(u, ct)); }
        foreach (var u in uris) { found.Add(await LoadAsync(u, found)); }
        foreach (var u in uris) { found.Add(await Web.GetAsync(new Uri(found[^1] + u), ct)); }
        static Task<string> LoadAsync(Uri u, List<string> found) => Web.GetAsync(u);
        """));

    [Fact]
    public Task A_list_of_others_sees_the_items_one_by_one() => SilentAsync("""
        public class Sample
        {
            private readonly List<string> _found = [];
            public async Task RunAsync(Uri[] uris, List<string> parameter, HashSet<string> set, IProgress<Uri> progress)
            {
                foreach (var u in uris) { _found.Add(await Web.GetAsync(u)); }
                foreach (var u in uris) { parameter.Add(await Web.GetAsync(u)); }
                foreach (var u in uris) { set.Add(await Web.GetAsync(u)); }
                foreach (var u in uris) { progress.Report(u); await Web.CountAsync(u); }
                var found = new List<string>();
                foreach (var u in uris) { found.Add(await Web.GetAsync(u)); progress.Report(u); }
                var ui = new List<string>();
                foreach (var u in uris) { var page = await Web.GetAsync(u); if (page.Length > 0) { ui.Add(page); } else { ui.Add("none"); } }
            }
        }
        """);

    [Fact]
    public Task A_verb_is_a_whole_word() => SilentAsync("""
        public class Shop
        {
            public Task<int> CheckoutAsync(Uri u) => Task.FromResult(1);
            public Task<int> GettyAsync(Uri u) => Task.FromResult(1);
            public Task<int> ReaderAsync(Uri u) => Task.FromResult(1);
            public Task<int> CountersignAsync(Uri u) => Task.FromResult(1);
            public Task<int> Findings(Uri u) => Task.FromResult(1);
        }
        public class Sample
        {
            public async Task RunAsync(Uri[] uris, Shop shop)
            {
                foreach (var u in uris) { await shop.CheckoutAsync(u); }
                foreach (var u in uris) { await shop.GettyAsync(u); }
                foreach (var u in uris) { await shop.ReaderAsync(u); }
                foreach (var u in uris) { await shop.CountersignAsync(u); }
                foreach (var u in uris) { await shop.Findings(u); }
                foreach (var u in uris) { var page = await Web.GetAsync(u); await Web.SendAsync(new Uri(page)); }
                foreach (var u in uris) { var page = await Web.GetAsync(u); await Task.Delay(100); }
            }
        }
        """);

    [Fact]
    public Task A_call_without_the_item_is_a_poll() => SilentAsync(InMethod("""
        var found = new List<string>();
        foreach (var u in uris) { found.Add(await Web.GetAsync(uri, ct)); }
        foreach (var u in uris) { var page = await Web.GetAsync(uri, ct); found.Add(page + u); }
        """));

    [Fact]
    public Task A_serial_type_serves_one_call_at_a_time() => SilentAsync("""
        using Microsoft.EntityFrameworkCore;
        public class Page { public int Id { get; set; } }
        public class PagesContext : DbContext { public DbSet<Page> Pages => Set<Page>(); }
        public class FtpSession { public Task<int> GetAsync(Uri u) => Task.FromResult(1); }
        public class Sample(FtpSession session)
        {
            public async Task RunAsync(int[] ids, Uri[] uris, PagesContext db, Stream stream, TextReader reader)
            {
                var found = new List<Page?>();
                foreach (var id in ids) { found.Add(await db.Pages.FindAsync(id)); }
                foreach (var id in ids) { found.Add(await db.FindAsync<Page>(id)); }
                foreach (var u in uris) { await session.GetAsync(u); }
                foreach (var id in ids) { var buffer = new byte[id]; var n = await stream.ReadAsync(buffer); }
                foreach (var id in ids) { var buffer = new char[id]; var n = await reader.ReadAsync(buffer); }
            }
        }
        """);

    [Fact]
    public Task A_transaction_keeps_the_items_in_order() => SilentAsync("""
        using System.Data.Common;
        public class Sample
        {
            public async Task RunAsync(Uri[] uris, DbConnection connection)
            {
                await using DbTransaction transaction = await connection.BeginTransactionAsync();
                foreach (var u in uris) { await Web.CountAsync(u); }
                await transaction.CommitAsync();
            }
            public async Task ScopeAsync(Uri[] uris)
            {
                using var scope = new System.Transactions.TransactionScope();
                foreach (var u in uris) { await Web.CountAsync(u); }
                scope.Complete();
            }
        }
        """);

    [Fact]
    public Task A_short_literal_is_no_work() => SilentAsync(InMethod("""
        var other = new Uri("http://b/");
        foreach (var u in new[] { uri, other }) { await Web.CountAsync(u, ct); }
        foreach (var u in (Uri[])[uri, other]) { await Web.CountAsync(u, ct); }
        foreach (var u in new List<Uri> { uri, other }) { await Web.CountAsync(u, ct); }
        """));

    [Fact]
    public Task Other_loops_are_not_meant() => SilentAsync("""
        using System.Collections;
        public class Duck { public IEnumerator GetEnumerator() => new Uri[1].GetEnumerator(); }
        public class Sample
        {
            public async Task RunAsync(IAsyncEnumerable<Uri> stream, ArrayList list, Duck duck, dynamic any, Uri[] uris)
            {
                await foreach (var u in stream) { await Web.CountAsync(u); }
                foreach (Uri u in list) { await Web.CountAsync(u); }
                foreach (Uri u in duck) { await Web.CountAsync(u); }
                foreach (Uri u in any) { await Web.CountAsync(u); }
                foreach (var u in uris) { await any.GetAsync(u); }
            }
            public async IAsyncEnumerable<string> ReadAsync(Uri[] uris) { foreach (var u in uris) { yield return await Web.GetAsync(u); } }
        }
        """);
}
