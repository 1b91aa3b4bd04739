using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.SequentialLoopAnalyzer, AsyncKit.Analyzers.SequentialLoopFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class SequentialLoopTests
{
    private const string Template = """
        #pragma warning disable CS1998, CS8321, CS0414, CS0649, CS0169
        public record Page(Uri Uri, string Text);
        public class Item { public Uri Uri = null!; public string? Text; public void Mark() { } public Task<int> LoadAsync() => Task.FromResult(1); }
        public interface IOrderRepository { Task<string> GetAsync(Uri uri); }
        public interface ICrmSession { Task<string> GetAsync(Uri uri); }
        public class Store(System.Data.Common.DbConnection connection) { public Task<string> GetAsync(Uri uri) => Task.FromResult(connection.Database + uri); }
        public class Db : Microsoft.EntityFrameworkCore.DbContext { public Microsoft.EntityFrameworkCore.DbSet<Item> Items => Set<Item>(); }
        public class C(IPages pages, HttpClient client)
        {
            private readonly Dictionary<Uri, string> _cache = [];
            private static readonly Uri[] Few = [new("http://a"), new("http://b")];
            private int _count;
            private string _last = "";
            private readonly List<string> _known = [];
            private List<string> Known() => _known;
            private static Task<string> GetResultAsync(Task<string> task) => task;
            private static Task<string> GetAndRemoveAsync(Uri uri) => Task.FromResult("");
            private async Task<string> LoadAsync(Uri uri) => await client.GetStringAsync(uri);
            private async Task<string> LoadCachedAsync(Uri uri) => _cache[uri] = await client.GetStringAsync(uri);
            private async Task<string> LoadCountedAsync(Uri uri) { Touch(); return await client.GetStringAsync(uri); }
            private void Touch() => _count++;
            private static string Parse(string text) { var start = text.IndexOf('x'); return Cut(text, start); }
            private static string Cut(string text, int start) => start < 0 ? text : text.Substring(start).Trim();
            private static string Log(string text) { Console.WriteLine(text); return text; }
            private void Report(string text) { }
            public async Task<object?> RunAsync(IEnumerable<Uri> uris, Uri[] array, List<Item> items, Dictionary<string, Uri> map, IAsyncEnumerable<Uri> stream, IQueryable<Item> query, IOrderRepository orders, ICrmSession crm, Store store, Db db, Stream file, Func<Uri, Task<string>> getAsync, Task<string>[] running, HashSet<Uri> seen, int limit, CancellationToken ct, CancellationToken other)
            {
                List<string> found = []; var all = new List<object>(); string last = ""; int n = 0;
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task A_loop_that_only_reads_is_reported() => EachAsync(
        "[|foreach|] (var uri in uris) { found.Add(await pages.GetPageAsync(uri, ct)); }",
        "[|foreach|] (var uri in uris) found.Add(await pages.GetPageAsync(uri));",
        "[|foreach|] (var uri in array) { await pages.DownloadAsync(uri, \"x\"); }",
        "[|foreach|] (Uri uri in array) { await pages.GetPageAsync(uri).ConfigureAwait(false); }",
        "[|foreach|] (var item in items) { var text = await pages.GetPageAsync(item.Uri, ct); found.Add(text); }",
        "[|foreach|] (var item in items) { var response = await client.GetAsync(item.Uri); response.EnsureSuccessStatusCode(); found.Add(await response.Content.ReadAsStringAsync()); }",
        "[|foreach|] (var item in items) { using var response = await client.GetAsync(item.Uri, ct); var text = await response.Content.ReadAsStringAsync(ct); found.Add(text.Trim()); }",
        "[|foreach|] (var uri in uris) { if (await pages.CheckAsync(uri)) { await pages.DownloadAsync(uri, Path.Combine(\"a\", uri.Host)); } }",
        "[|foreach|] (var item in items) { if (item.Text is { } text) { var n2 = await pages.CountAsync(new Uri(text)); } }",
        "[|foreach|] (var item in items) { found.Add((await item.LoadAsync()).ToString()); }",
        "[|foreach|] (var pair in map) { found.Add(pair.Key + await pages.GetPageAsync(pair.Value)); }",
        "[|foreach|] (var uri in uris) { all.Add(new Page(uri, Parse(await client.GetStringAsync(uri, ct)))); }",
        "[|foreach|] (var uri in uris) { found.Add(await LoadAsync(uri)); }",
        "[|foreach|] (var uri in uris) { found.Add(await Web.GetAsync(uri, ct)); }",
        "[|foreach|] (var uri in uris.Where(u => u.IsAbsoluteUri).Take(limit)) { ct.ThrowIfCancellationRequested(); found.Add(await pages.GetPageAsync(uri, ct)); }",
        "[|foreach|] (var uri in await Task.FromResult(array)) { found.Add(string.Join(\",\", pages.Base, await pages.GetPageAsync(uri))); }",
        "async Task LocalAsync() { [|foreach|] (var uri in uris) { await pages.GetPageAsync(uri); } }",
        "Func<Task> f = async () => { [|foreach|] (var uri in uris) { await pages.GetPageAsync(uri); } };",
        "foreach (var group in uris.GroupBy(u => u.Host)) { [|foreach|] (var uri in group) { found.Add(await pages.GetPageAsync(uri)); } }",
        "[|foreach|] (var i in Enumerable.Range(0, 100)) { found.Add(await client.GetStringAsync(new Uri(\"http://a/\" + i))); }");

    [Fact]
    public Task A_loop_that_may_depend_on_its_order_is_not_reported() => EachAsync(
        "await foreach (var uri in stream) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); if (text.Length > 0) { break; } }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); if (text.Length > 0) continue; found.Add(text); }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); if (text.Length > 0) return text; }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); if (text.Length > 0) goto end; } end: ;",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); if (text.Length > 0) throw new FormatException(); }",
        "foreach (var uri in uris) { var text = await pages.FindAsync(uri) ?? throw new FormatException(); }",
        "foreach (var uri in uris) { last = await pages.GetPageAsync(uri); }",
        "foreach (var uri in uris) { _last = await pages.GetPageAsync(uri); }",
        "foreach (var uri in uris) { await pages.GetPageAsync(uri); n++; }",
        "foreach (var uri in uris) { _count += await pages.CountAsync(uri); }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); var known = map.TryGetValue(text, out var x); }",
        "foreach (var uri in uris) { if (!seen.Add(uri)) { } else { await pages.GetPageAsync(uri); } }",
        "foreach (var uri in uris) { if (seen.Add(uri)) { await pages.GetPageAsync(uri); } }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); if (text.Length > n) { found.Add(text); } }",
        "foreach (var uri in uris) { if (found.Count < 10) { found.Add(await pages.GetPageAsync(uri)); } }",
        "foreach (var uri in uris) { var first = found.Count; found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); found.Add(\"\"); }",
        "foreach (var uri in uris) { Console.WriteLine(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(Log(await pages.GetPageAsync(uri))); }",
        "foreach (var uri in uris) { Report(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in uris) { await pages.GetPageAsync(pages.Build(uri)); }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); map[text] = uri; }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri); Interlocked.Increment(ref _count); }",
        "foreach (var item in items) { item.Text = await pages.GetPageAsync(item.Uri); }",
        "foreach (var item in items) { await pages.GetPageAsync(item.Uri); item.Mark(); }",
        "foreach (var uri in uris) { found.Add(await LoadCachedAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await LoadCountedAsync(uri)); }",
        "foreach (var uri in found.Select(x => new Uri(x))) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in uris) { foreach (var x in uris) { await pages.GetPageAsync(uri).WaitAsync(ct); } }",
        "foreach (var uri in uris) { try { found.Add(await pages.GetPageAsync(uri)); } catch (HttpRequestException) { } }",
        "foreach (var uri in uris) { lock (seen) { } await pages.GetPageAsync(uri); }",
        "foreach (var uri in uris) { if (uri.IsAbsoluteUri) { await pages.GetPageAsync(uri); } else { await pages.CountAsync(uri); } }",
        "foreach (var uri in uris) { var text = await pages.GetPageAsync(uri, ct); var more = await pages.GetPageAsync(uri, other); }");

    [Fact]
    public Task Other_verbs_and_awaits_are_not_reported() => EachAsync(
        "foreach (var uri in uris) { await pages.WriteAsync(uri); }",
        "foreach (var uri in uris) { await pages.SendAsync(uri); }",
        "foreach (var uri in uris) { found.Add(await pages.GetterAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await pages.GetOrAddAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await pages.ObtainAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await getAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); await Task.Delay(100, ct); }",
        "foreach (var uri in uris) { await Task.Yield(); }",
        "foreach (var uri in uris) { await pages.GetPageAsync(array[0]); }",
        "foreach (var uri in uris) { found.Add(await GetAndRemoveAsync(uri)); }",
        "foreach (var task in running) { found.Add(await task); }",
        "foreach (var task in running) { found.Add(await GetResultAsync(task)); }",
        "foreach (var uri in uris) { Web.Read(uri); }",
        "foreach (var uri in uris) { await foreach (var line in Web.LinesAsync(uri)) { } }",
        "foreach (var uri in uris) { await Task.WhenAll(pages.GetPageAsync(uri), pages.FindAsync(uri)); }");

    [Fact]
    public Task Objects_that_serve_one_call_at_a_time_are_not_reported() => EachAsync(
        "foreach (var uri in uris) { found.Add(await orders.GetAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await crm.GetAsync(uri)); }",
        "foreach (var uri in uris) { found.Add(await store.GetAsync(uri)); }",
        "foreach (var item in items) { all.Add(await db.FindAsync<Item>(item.Uri)); }",
        "foreach (var item in items) { var buffer = new byte[9]; var read = await file.ReadAsync(buffer.AsMemory(item.Uri.Port)); }",
        "foreach (var uri in uris) { await using var body = await client.GetStreamAsync(uri); }",
        "foreach (var item in query) { found.Add(await pages.GetPageAsync(item.Uri)); }",
        "foreach (var item in db.Items.Where(i => i.Text != null)) { found.Add(await pages.GetPageAsync(item.Uri)); }",
        "using var scope = new System.Transactions.TransactionScope(); foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); }",
        "await using var transaction = await db.Database.BeginTransactionAsync(ct); foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in Few) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (var uri in new[] { array[0], array[1] }) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (Uri uri in (Uri[])[array[0], array[1]]) { found.Add(await pages.GetPageAsync(uri)); }",
        "Uri[] two = [array[0], array[1]]; foreach (var uri in two) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (var i in Enumerable.Range(0, 3)) { found.Add(await client.GetStringAsync(new Uri(\"http://a/\" + i))); }",
        "foreach (var day in Enum.GetValues<DayOfWeek>()) { found.Add(await client.GetStringAsync(new Uri(\"http://a/\" + day))); }");

    [Fact]
    public Task A_list_that_others_may_see_half_full_is_not_reported() => EachAsync(
        "try { foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); } } catch (HttpRequestException) { return found; }",
        "try { foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); } } finally { Report(found[0]); }",
        "var known = Known(); foreach (var uri in uris) { known.Add(await pages.GetPageAsync(uri)); }",
        "all.Add(found); foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); }",
        "var other2 = found; foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); }",
        "void Show() => Console.WriteLine(string.Join(\"\", found)); foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); }",
        "Func<Task> f = async () => { foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); } };",
        "await uris.FanOutAsync(4, async (u, t) => { foreach (var uri in array) { await pages.GetPageAsync(uri, t); } }, ct);",
        "await Task.WhenAll(uris.Select(async u => { foreach (var uri in array) { await pages.GetPageAsync(uri); } }));");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "try { List<string> own = []; [|foreach|] (var uri in uris) { own.Add(await pages.GetPageAsync(uri)); } Report(own[0]); } catch (HttpRequestException) { }",
        "found.Add(\"first\"); [|foreach|] (var uri in uris) { found.Add(await pages.GetPageAsync(uri)); } found.Add(\"last\"); return found;",
        "[|foreach|] (var uri in uris) { var text = await pages.FindAsync(uri); if (text is { Length: > 0 } some) { var more = await pages.GetPageAsync(new Uri(some)); } }",
        "[|foreach|] (var uri in uris) { string? text = null; if (uri.IsFile) { text = await pages.FindAsync(uri); } all.Add((uri, text)); }",
        "[|foreach|] (var uri in uris) { all.Add(await pages.FindAsync(uri) is { } text ? text.Split(',').Select(x => x.Trim()).ToList() : new List<string>()); }",
        "foreach (var uri in uris) { dynamic d = await pages.GetPageAsync(uri); all.Add(d.Length); }",
        "foreach (Uri uri in (System.Collections.IEnumerable)array) { found.Add(await pages.GetPageAsync(uri)); }",
        "foreach (object uri in array) { found.Add(await pages.GetPageAsync((Uri)uri)); }",
        "foreach (ref readonly var uri in array.AsSpan()) { }",
        "[|foreach|] (var c in \"abc\") { found.Add(await client.GetStringAsync(new Uri(\"http://a/\" + c))); }",
        "foreach (var uri in uris) { await pages.GetPageAsync(uri); using (var x = client.Send(new())) { } }",
        "foreach (var uri in uris) { Action a = () => n++; await pages.GetPageAsync(uri); }",
        "foreach (var uri in uris) { await (pages.GetPageAsync(uri) ?? Task.FromResult(\"\")); }");

    [Fact]
    public Task A_method_of_an_object_that_serves_one_call_at_a_time_is_not_reported() => Verify.ReportsAsync(new SequentialLoopAnalyzer(), """
        public class PageRepository
        {
            private Task<string> GetAsync(Uri uri) => Task.FromResult(uri.Host);
            public async Task LoadAsync(IEnumerable<Uri> uris) { foreach (var uri in uris) { await GetAsync(uri); } }
        }
        """);

    [Fact]
    public Task A_user_interface_is_not_reported() => Verify.ReportsAsync(new SequentialLoopAnalyzer(), """
        namespace System.Windows.Forms { public class Form; }
        namespace App
        {
            public class Main : System.Windows.Forms.Form
            {
                public async Task LoadAsync(IEnumerable<Uri> uris) { foreach (var uri in uris) { await Web.GetAsync(uri); } }
            }
        }
        """);

    [Fact]
    public Task A_struct_and_an_iterator_are_judged_right() => Verify.ReportsAsync(new SequentialLoopAnalyzer(), """
        public struct S
        {
            public int Port;
            public async Task LoadAsync(IEnumerable<Uri> uris) { foreach (var uri in uris) { await Web.GetAsync(new Uri(uri, Port.ToString())); } }
            public static async Task StaticAsync(IEnumerable<Uri> uris) { [|foreach|] (var uri in uris) { await Web.GetAsync(uri); } }
            public static async IAsyncEnumerable<string> StreamAsync(IEnumerable<Uri> uris)
            {
                List<string> found = [];
                [|foreach|] (var uri in uris) { found.Add(await Web.GetAsync(uri)); }
                foreach (var uri in uris) { yield return await Web.GetAsync(uri); }
            }
        }
        """);

    [Fact]
    public async Task The_message_names_FanOutAsync() => Assert.Equal(
        ["The items are awaited one by one; 'FanOutAsync' runs several at once"],
        await Verify.MessagesAsync(new SequentialLoopAnalyzer(), """
            public class C { public async Task RunAsync(IEnumerable<Uri> uris) { foreach (var uri in uris) { await Web.GetAsync(uri); } } }
            """));

    [Fact]
    public Task A_verb_can_be_added_and_the_limit_set() => Fix.FixesAsync(
        """
        public sealed class C
        {
            private static Task<string> HarvestAsync(Uri uri) => Task.FromResult("");
            public async Task RunAsync(Uri[] uris)
            {
                {|AK0001:foreach|} (var uri in uris) { var text = await HarvestAsync(uri); }
            }
        }
        """,
        """
        public sealed class C
        {
            private static Task<string> HarvestAsync(Uri uri) => Task.FromResult("");
            public async Task RunAsync(Uri[] uris)
            {
                await uris.FanOutAsync(maxConcurrency: 32, async (uri, _) => { var text = await HarvestAsync(uri); });
            }
        }
        """,
        config: "asynckit_read_verbs = Reap, Harvest\nasynckit_max_concurrency = 32\n");

    [Fact]
    public Task Comments_in_the_header_and_the_token_in_scope_are_used() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken stop)
            {
                {|AK0001:foreach|} (var uri /* each */ in uris) { var text = await Web.GetAsync(uri); }
                {|AK0001:foreach|} (var uri in uris) { _ = await Web.GetDeepAsync(uri); _ = uri.Host; }
            }

            public async Task WithoutTokenAsync(Uri[] uris, IPages pages)
            {
                {|AK0001:foreach|} (var uri in uris) { _ = await pages.CountAsync(uri); }
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken stop)
            {
                /* each */
                await uris.FanOutAsync(maxConcurrency: 8, async (uri, stop) => { var text = await Web.GetAsync(uri, stop); });
                await uris.FanOutAsync(maxConcurrency: 8, async (uri, stop) => { _ = await Web.GetDeepAsync(uri, cancellationToken: stop); _ = uri.Host; });
            }

            public async Task WithoutTokenAsync(Uri[] uris, IPages pages)
            {
                await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => { _ = await pages.CountAsync(uri); });
            }
        }
        """);

    [Fact]
    public Task The_loop_becomes_a_fan_out() => Fix.FixesEverywhereAsync(
        """
        public sealed class C(IPages pages, HttpClient client)
        {
            // Before.
            public async Task<List<string>> RunAsync(IEnumerable<Uri> uris, CancellationToken cancellationToken)
            {
                var found = new List<string>();
                // All of them.
                {|AK0001:foreach|} (var uri in uris) { found.Add(await pages.GetPageAsync(uri, cancellationToken)); } // Done.
                {|AK0001:foreach|} (var uri in uris)
                {
                    found.Add(await pages.GetPageAsync(uri, cancellationToken).ConfigureAwait(false));
                }

                {|AK0001:foreach|} (var uri in uris)
                    found.Add(await client.GetStringAsync(uri));

                {|AK0001:foreach|} (var uri in uris) // Each.
                {
                    // Load it.
                    using var response = await client.GetAsync(uri, cancellationToken);
                    response.EnsureSuccessStatusCode(); // Or throw.

                    found.Add(await response.Content.ReadAsStringAsync()); // Keep it.
                    // End.
                }

                {|AK0001:foreach|} (var uri in uris.Where(u => u.IsAbsoluteUri))
                {
                    await pages.GetPageAsync(uri);
                }

                return found;
            }
        }
        """,
        """
        public sealed class C(IPages pages, HttpClient client)
        {
            // Before.
            public async Task<List<string>> RunAsync(IEnumerable<Uri> uris, CancellationToken cancellationToken)
            {
                var found = new List<string>();
                // All of them.
                found.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => await pages.GetPageAsync(uri, cancellationToken), cancellationToken)); // Done.
                found.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => await pages.GetPageAsync(uri, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false));

                found.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => await client.GetStringAsync(uri, cancellationToken)));

                found.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => // Each.
                {
                    // Load it.
                    using var response = await client.GetAsync(uri, cancellationToken);
                    response.EnsureSuccessStatusCode(); // Or throw.

                    return await response.Content.ReadAsStringAsync(cancellationToken); // Keep it.
                    // End.
                }, cancellationToken));

                await uris.Where(u => u.IsAbsoluteUri).FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) =>
                {
                    await pages.GetPageAsync(uri, cancellationToken);
                });

                return found;
            }
        }
        """);

    [Fact]
    public Task The_results_keep_their_type() => Fix.FixesEverywhereAsync(
        """
        public sealed class C(IPages pages)
        {
            public record Page(Uri Uri, string? Text);
            private readonly CancellationToken _stop;
            public async Task RunAsync(Uri[] uris, CancellationTokenSource source)
            {
                List<Page> found = [];
                List<long> counts = new();
                List<object?> all = [];
                List<(Uri, string?)> pairs = [];
                {|AK0001:foreach|} (var uri in uris)
                {
                    found.Add(new(uri, await pages.GetPageAsync(uri, _stop)));
                }

                {|AK0001:foreach|} (Uri uri in uris) { counts.Add(await pages.CountAsync(uri)); }
                {|AK0001:foreach|} (var uri in uris) { all.Add(await pages.FindAsync(uri)); }
                {|AK0001:foreach|} (var uri in uris) { all.Add(await pages.CountAsync(uri)); }
                {|AK0001:foreach|} (var uri in uris) { pairs.Add((uri, await pages.GetPageAsync(uri, source.Token))); }
                {|AK0001:foreach|} (var @event in uris ?? []) { await pages.DownloadAsync(@event, "x"); }
                if (uris.Length > 1)
                    {|AK0001:foreach|} (var uri in uris)
                        await pages.GetPageAsync(uri);
            }
        }
        """,
        """
        public sealed class C(IPages pages)
        {
            public record Page(Uri Uri, string? Text);
            private readonly CancellationToken _stop;
            public async Task RunAsync(Uri[] uris, CancellationTokenSource source)
            {
                List<Page> found = [];
                List<long> counts = new();
                List<object?> all = [];
                List<(Uri, string?)> pairs = [];
                found.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => new Page(uri, await pages.GetPageAsync(uri, cancellationToken)), _stop));

                counts.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, _) => (long)await pages.CountAsync(uri)));
                all.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, _) => await pages.FindAsync(uri)));
                all.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, _) => (object?)await pages.CountAsync(uri)));
                pairs.AddRange(await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => (uri, await pages.GetPageAsync(uri, cancellationToken)), source.Token));
                await (uris ?? []).FanOutAsync(maxConcurrency: 8, async (@event, _) => await pages.DownloadAsync(@event, "x"));
                if (uris.Length > 1)
                    await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => { await pages.GetPageAsync(uri, cancellationToken); });
            }
        }
        """);

    [Fact]
    public Task Names_tokens_and_directives_are_kept() => Fix.FixesEverywhereAsync(
        """
        public sealed class C(IPages pages, HttpClient client)
        {
            public async Task RunAsync(IEnumerable<Uri> uris)
            {
                {|AK0001:foreach|} (var uri in uris)
                {
                    _ = await client.GetStringAsync(uri);
                }

                {|AK0001:foreach|} (var uri in uris)
                {
                    var cancellationToken = CancellationToken.None;
                    var text = await client.GetStringAsync(uri, cancellationToken);
                    var more = await client.GetStringAsync(uri);
                }

                {|AK0001:foreach|} (var uri in uris)
                {
                    #if NEVER
                    await pages.SendAsync(uri);
                    #endif
                    var text = await pages.FetchAsync(uri);
                    #pragma warning disable CS0168
                    string? unused;
                    #pragma warning restore CS0168
                }
            }

            public async Task StopAsync(IEnumerable<Uri> uris, CancellationToken stop)
            {
                {|AK0001:foreach|} (var uri in uris)
                {
                    stop.ThrowIfCancellationRequested();
                    await pages.DownloadAsync(uri, "x");
                }

                Func<Task> later = async () =>
                {
                    {|AK0001:foreach|} (var uri in uris) { await pages.GetPageAsync(uri, stop); }
                };
                await later();
            }
        }
        """,
        """
        public sealed class C(IPages pages, HttpClient client)
        {
            public async Task RunAsync(IEnumerable<Uri> uris)
            {
                await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) =>
                {
                    _ = await client.GetStringAsync(uri, cancellationToken);
                });

                await uris.FanOutAsync(maxConcurrency: 8, async (uri, token) =>
                {
                    var cancellationToken = CancellationToken.None;
                    var text = await client.GetStringAsync(uri, cancellationToken);
                    var more = await client.GetStringAsync(uri, token);
                });

                await uris.FanOutAsync(maxConcurrency: 8, async (uri, _) =>
                {
                    #if NEVER
                    await pages.SendAsync(uri);
                    #endif
                    var text = await pages.FetchAsync(uri);
                    #pragma warning disable CS0168
                    string? unused;
                    #pragma warning restore CS0168
                });
            }

            public async Task StopAsync(IEnumerable<Uri> uris, CancellationToken stop)
            {
                await uris.FanOutAsync(maxConcurrency: 8, async (uri, stop) =>
                {
                    stop.ThrowIfCancellationRequested();
                    await pages.DownloadAsync(uri, "x");
                }, stop);

                Func<Task> later = async () =>
                {
                    await uris.FanOutAsync(maxConcurrency: 8, async (uri, stop) => { await pages.GetPageAsync(uri, stop); }, stop);
                };
                await later();
            }
        }
        """);

    [Fact]
    public Task A_file_without_usings_gets_one_below_its_header() => Fix.FixesProgramAsync(
        """
        // Licensed.

        #nullable enable

        /// <summary>Loads.</summary>
        public class C
        {
            public async System.Threading.Tasks.Task RunAsync(System.Collections.Generic.List<string> urls, System.Net.Http.HttpClient client)
            {
                {|AK0001:foreach|} (var url in urls) { var text = await client.GetStringAsync(url); }
            }

            public static void Main() { }
        }
        """,
        """
        // Licensed.

        using AsyncKit;

        #nullable enable

        /// <summary>Loads.</summary>
        public class C
        {
            public async System.Threading.Tasks.Task RunAsync(System.Collections.Generic.List<string> urls, System.Net.Http.HttpClient client)
            {
                await urls.FanOutAsync(maxConcurrency: 8, async (url, cancellationToken) => { var text = await client.GetStringAsync(url, cancellationToken); });
            }

            public static void Main() { }
        }
        """);

    [Fact]
    public Task Line_breaks_and_usings_in_a_namespace_are_kept() => Fix.FixesProgramAsync(
        """
        namespace App
        {
            using System.Collections.Generic;
            using System.Net.Http;
            using System.Threading.Tasks;

            public class C
            {
                public async Task RunAsync(List<string> urls, HttpClient client)
                {
                    {|AK0001:foreach|} (var url in urls)
                    {
                        var text = await client.GetStringAsync(url);
                        var more = await client.GetStringAsync(text);
                    }
                }

                public static void Main() { }
            }
        }
        """.ReplaceLineEndings("\r\n"),
        """
        namespace App
        {
            using System.Collections.Generic;
            using System.Net.Http;
            using System.Threading.Tasks;
            using AsyncKit;

            public class C
            {
                public async Task RunAsync(List<string> urls, HttpClient client)
                {
                    await urls.FanOutAsync(maxConcurrency: 8, async (url, cancellationToken) =>
                    {
                        var text = await client.GetStringAsync(url, cancellationToken);
                        var more = await client.GetStringAsync(text, cancellationToken);
                    });
                }

                public static void Main() { }
            }
        }
        """.ReplaceLineEndings("\r\n"));

    [Fact]
    public Task Top_level_statements_and_a_missing_using_are_fixed() => Fix.FixesProgramAsync(
        """
        // The program.
        using System;
        using System.Collections.Generic;
        using System.Net.Http;
        using Zebra;

        var uris = new List<Uri>();
        using var client = new HttpClient();
        {|AK0001:foreach|} (var uri in uris)
        {
            await client.GetStringAsync(uri);
        }

        {|AK0001:foreach|} (Uri uri in uris) await client.GetAsync(uri);

        namespace Zebra { public class Z; }
        """,
        """
        // The program.
        using System;
        using System.Collections.Generic;
        using System.Net.Http;
        using AsyncKit;
        using Zebra;

        var uris = new List<Uri>();
        using var client = new HttpClient();
        await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) =>
        {
            await client.GetStringAsync(uri, cancellationToken);
        });

        await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) => { await client.GetAsync(uri, cancellationToken); });

        namespace Zebra { public class Z; }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new SequentialLoopAnalyzer(), Template, bodies);
}
