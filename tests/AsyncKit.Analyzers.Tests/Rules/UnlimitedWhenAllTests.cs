using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.UnlimitedWhenAllAnalyzer, AsyncKit.Analyzers.UnlimitedWhenAllFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class UnlimitedWhenAllTests
{
    private const string Template = """
        #pragma warning disable CS1998, CS8321, CS0414, CS0649, CS0169, CS4014
        public class Item { public Uri Uri = null!; public Task<int> LoadAsync() => Task.FromResult(1); public Task NotifyAsync() => Task.CompletedTask; }
        public interface ICrmSession { Task<string> GetAsync(Uri uri); }
        public class Db : Microsoft.EntityFrameworkCore.DbContext { }
        public class C(IPages pages, HttpClient client)
        {
            private static readonly Uri[] Few = [new("http://a"), new("http://b")];
            private int _count;
            private static Task<string> LoadAsync(Uri uri) => Task.FromResult("");
            private static Task SendOneAsync(Uri uri) => Task.CompletedTask;
            public async Task<object?> RunAsync(IEnumerable<Uri> uris, Uri[] array, List<Item> items, IQueryable<Item> query, ICrmSession crm, Db db, SemaphoreSlim s, AsyncLock mutex, ConcurrencyGate gate, Task<Uri>[] running, Dictionary<Uri, string> map, int limit, Uri[] batch, CancellationToken ct, CancellationToken other)
            {
                List<string> found = []; int n = 0;
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task An_operation_for_every_item_at_once_is_reported() => EachAsync(
        "await [|Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri)))|];",
        "var texts = await [|Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri)))|].ConfigureAwait(false);",
        "return await [|Task.WhenAll(uris.Select(async uri => await pages.GetPageAsync(uri, ct)).ToArray())|];",
        "await [|Task.WhenAll(array.Select(LoadAsync).ToList())|];",
        "await [|Task.WhenAll(array.Select(pages.FetchAsync))|];",
        "await [|Task.WhenAll(items.Where(i => i.Uri != null).Select(i => i.LoadAsync()))|];",
        "await [|Task.WhenAll(uris.Select(async uri => { using var response = await client.GetAsync(uri, ct); Console.WriteLine(uri); return await response.Content.ReadAsStringAsync(ct); }))|];",
        "await [|Task.WhenAll(uris.Select(uri => { var next = new Uri(uri, \"x\"); return client.GetStringAsync(next, ct); }))|];",
        "await [|Task.WhenAll(uris.Select(uri => pages.CountAsync(uri).AsTask()))|];",
        "await [|Task.WhenAll(Enumerable.Range(0, 100).Select(i => client.GetStringAsync(\"http://a/\" + i)))|];",
        "await [|Task.WhenAll(uris.Take(50).Select(uri => pages.FetchAsync(uri)))|];",
        "async Task LocalAsync() => await [|Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri)))|];",
        "foreach (var group in uris.GroupBy(u => u.Host)) { await [|Task.WhenAll(group.Select(uri => pages.FetchAsync(uri)))|]; }");

    [Fact]
    public Task Another_call_is_not_reported() => EachAsync(
        "var all = Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri))); await all;",
        "await Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri))).WaitAsync(ct);",
        "var tasks = uris.Select(uri => pages.FetchAsync(uri)); await Task.WhenAll(tasks);",
        "await Task.WhenAny(uris.Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(pages.FetchAsync(array[0]), pages.FetchAsync(array[1]));",
        "await Task.WhenAll(new[] { array[0], array[1] }.Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(Few.Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(Enumerable.Range(0, 16).Select(i => client.GetStringAsync(\"http://a/\" + i)));",
        "await Task.WhenAll(uris.Take(16).Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(uris.Skip(n).Take(limit).Select(uri => pages.FetchAsync(uri)));",
        "foreach (var part in uris.Chunk(10)) { await Task.WhenAll(part.Select(uri => pages.FetchAsync(uri))); }",
        "await Task.WhenAll(uris.Chunk(10).First().Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(batch.Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(running.Select(async task => await pages.FetchAsync(await task)));",
        "await Task.WhenAll(running.Select(task => pages.FetchAsync(task.Result)));",
        "await Task.WhenAll(uris.Select(uri => Task.Run(() => pages.FetchAsync(uri))));",
        "await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { return await pages.FetchAsync(uri); } finally { s.Release(); } }));",
        "await Task.WhenAll(uris.Select(async uri => { using (await mutex.AcquireAsync(ct)) { return await pages.FetchAsync(uri); } }));",
        "await Task.WhenAll(uris.Select(async uri => { using var lease = await gate.AcquireAsync(ct); return await pages.FetchAsync(uri); }));",
        "await Task.WhenAll(uris.Select((uri, i) => pages.FetchAsync(uri)));",
        "await Task.WhenAll(items.Select(i => i.NotifyAsync()));",
        "await Task.WhenAll(uris.Select(uri => pages.SendAsync(uri)));",
        "await Task.WhenAll(uris.Select(SendOneAsync));",
        "await Task.WhenAll(uris.Select(async uri => { await pages.FetchAsync(uri); await pages.SendAsync(uri); }));",
        "await Task.WhenAll(uris.Select(uri => pages.FetchAsync(array[0])));",
        "await Task.WhenAll(uris.Select(uri => Task.FromResult(uri)));",
        "await Task.WhenAll(query.Select(i => pages.FetchAsync(i.Uri)));",
        "await Task.WhenAll(query.AsEnumerable().Select(i => pages.FetchAsync(i.Uri)));",
        "await Task.WhenAll(uris.AsParallel().Select(uri => pages.FetchAsync(uri)));",
        "await Task.WhenAll(uris.Select(uri => crm.GetAsync(uri)));",
        "await Task.WhenAll(items.Select(i => db.FindAsync<Item>(i.Uri).AsTask()));",
        "await Task.WhenAll(uris.Select(async uri => { _count++; return await pages.FetchAsync(uri); }));",
        "await Task.WhenAll(uris.Select(async uri => { found.Add(await pages.FetchAsync(uri)); }));",
        "await Task.WhenAll(uris.Select(async uri => { map[uri] = await pages.FetchAsync(uri); }));",
        "await uris.FanOutAsync(4, async (u, t) => { await Task.WhenAll(array.Select(uri => pages.FetchAsync(uri))); }, ct);",
        "await Task.WhenAll(from uri in uris select pages.SendAsync(uri));",
        "await Task.WhenAll(uris.Select(async uri => await pages.GetPageAsync(uri, ct) + await pages.GetPageAsync(uri, other)));");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "await [|Task.WhenAll(uris.Select(static uri => Web.GetAsync(uri)))|];",
        "await [|Task.WhenAll(uris.Select(async uri => { lock (found) { n++; } return await pages.FetchAsync(uri); }))|];",
        "await [|Task.WhenAll(uris.Select(async (Uri uri) => await pages.FetchAsync(uri)))|];",
        "await Task.WhenAll(uris.Select(delegate (Uri uri) { return pages.FetchAsync(uri); }));",
        "await Task.WhenAll(uris.Select(async uri => { await foreach (var line in Web.LinesAsync(uri)) { } return await pages.FetchAsync(uri); }));",
        "await Task.WhenAll(uris.Select(uri => n > 0 ? pages.FetchAsync(uri) : pages.SendAsync(uri)));",
        "await Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri)).Where(t => t != null));",
        "await Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri)).Append(pages.FetchAsync(array[0])));",
        "await Task.WhenAll([.. uris.Select(uri => pages.FetchAsync(uri))]);",
        "Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri))).Wait();",
        "foreach (var part in uris.Chunk(10)) { var some = part.Where(u => u.IsFile); await Task.WhenAll(some.Select(uri => pages.FetchAsync(uri))); }");

    [Fact]
    public Task The_operations_get_a_limit() => Fix.FixesEverywhereAsync(
        """
        public sealed class C(IPages pages, HttpClient client)
        {
            private static Task<string> LoadAsync(Uri uri) => Task.FromResult("");
            private static Task<int> LoadAsync(Uri uri, CancellationToken token) => Task.FromResult(1);
            private static Task<string> FetchAsync(Uri uri) => Task.FromResult("");
            private static Task<string> FetchAsync(Uri uri, CancellationToken token) => Task.FromResult("");
            public async Task<string[]> RunAsync(IEnumerable<Uri> uris, CancellationToken ct)
            {
                // All.
                await {|AK0002:Task.WhenAll(uris.Select(uri => pages.FetchAsync(uri)))|}; // Done.
                var texts = await {|AK0002:Task.WhenAll(uris.Select(async uri => await pages.GetPageAsync(uri, ct)).ToArray())|}.ConfigureAwait(false);
                await {|AK0002:Task.WhenAll(uris.Select(pages.FetchAsync))|};
                await {|AK0002:Task.WhenAll(uris.Select(FetchAsync))|};
                await {|AK0002:Task.WhenAll( // Some.
                    uris
                        .Where(uri => uri.IsAbsoluteUri) // Only these.
                        .Select(async uri =>
                        {
                            // Get it.
                            var response = await client.GetAsync(uri);
                            return await response.Content.ReadAsStringAsync(ct); // All of it.
                        }))|};
                return await {|AK0002:Task.WhenAll(
                    uris.Select(
                        async uri =>
                        {
                            return await client.GetStringAsync(uri);
                        })
                        .ToList())|};
            }

            public async Task<string[]> ShortAsync(Uri[] uris) => await {|AK0002:Task.WhenAll(uris.Select((Uri uri) => client.GetStringAsync(uri)))|};
        }
        """,
        """
        public sealed class C(IPages pages, HttpClient client)
        {
            private static Task<string> LoadAsync(Uri uri) => Task.FromResult("");
            private static Task<int> LoadAsync(Uri uri, CancellationToken token) => Task.FromResult(1);
            private static Task<string> FetchAsync(Uri uri) => Task.FromResult("");
            private static Task<string> FetchAsync(Uri uri, CancellationToken token) => Task.FromResult("");
            public async Task<string[]> RunAsync(IEnumerable<Uri> uris, CancellationToken ct)
            {
                // All.
                await uris.FanOutAsync(maxConcurrency: 8, (uri, _) => pages.FetchAsync(uri)); // Done.
                var texts = await uris.FanOutAsync(maxConcurrency: 8, async (uri, ct) => await pages.GetPageAsync(uri, ct), ct).ConfigureAwait(false);
                await uris.FanOutAsync(maxConcurrency: 8, (item, _) => pages.FetchAsync(item));
                await uris.FanOutAsync(maxConcurrency: 8, (item, ct) => FetchAsync(item, ct));
                // Some.
                await uris
                        .Where(uri => uri.IsAbsoluteUri) // Only these.
                        .FanOutAsync(maxConcurrency: 8, async (uri, ct) =>
                        {
                            // Get it.
                            var response = await client.GetAsync(uri, ct);
                            return await response.Content.ReadAsStringAsync(ct); // All of it.
                        }, ct);
                return await uris.FanOutAsync(maxConcurrency: 8, async (uri, ct) =>
                {
                    return await client.GetStringAsync(uri, ct);
                });
            }

            public async Task<string[]> ShortAsync(Uri[] uris) => await uris.FanOutAsync(maxConcurrency: 8, (Uri uri, CancellationToken cancellationToken) => client.GetStringAsync(uri, cancellationToken));
        }
        """);

    [Fact]
    public Task A_cleanup_does_not_get_the_token() => Fix.FixesEverywhereAsync(
        """
        public sealed class C(HttpClient client)
        {
            private readonly CancellationToken _stop;
            private static Task<string> FetchAsync(object item, Uri uri) => Task.FromResult("");
            public async Task RunAsync(IEnumerable<Uri> uris, IPages item)
            {
                await {|AK0002:Task.WhenAll(uris.Select(async uri =>
                {
                    try
                    {
                        return await client.GetStringAsync(uri, _stop);
                    }
                    catch (HttpRequestException)
                    {
                        return uri.Host;
                    }
                    finally
                    {
                        await client.GetStringAsync(uri);
                    }
                }))|};
                await {|AK0002:Task.WhenAll(uris.Select(item.FetchAsync))|};
                await {|AK0002:Task.WhenAll(uris.Select(uri => FetchAsync(this, uri)))|};
            }
        }
        """,
        """
        public sealed class C(HttpClient client)
        {
            private readonly CancellationToken _stop;
            private static Task<string> FetchAsync(object item, Uri uri) => Task.FromResult("");
            public async Task RunAsync(IEnumerable<Uri> uris, IPages item)
            {
                await uris.FanOutAsync(maxConcurrency: 8, async (uri, cancellationToken) =>
                {
                    try
                    {
                        return await client.GetStringAsync(uri, cancellationToken);
                    }
                    catch (HttpRequestException)
                    {
                        return uri.Host;
                    }
                    finally
                    {
                        await client.GetStringAsync(uri);
                    }
                }, _stop);
                await uris.FanOutAsync(maxConcurrency: 8, (element, _) => item.FetchAsync(element));
                await uris.FanOutAsync(maxConcurrency: 8, (uri, _) => FetchAsync(this, uri));
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new UnlimitedWhenAllAnalyzer(), Template, bodies);
}
