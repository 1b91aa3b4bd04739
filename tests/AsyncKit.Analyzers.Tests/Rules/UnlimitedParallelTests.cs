using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.UnlimitedParallelAnalyzer, AsyncKit.Analyzers.UnlimitedParallelFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class UnlimitedParallelTests
{
    private const string Template = """
        #pragma warning disable CS1998, CS8321, CS0414, CS0649, CS0169, CS4014
        public class C
        {
            private static ValueTask WorkAsync(Uri uri, CancellationToken token) => default;
            public async Task<object?> RunAsync(IEnumerable<Uri> uris, Uri[] array, IAsyncEnumerable<Uri> stream, IQueryable<Uri> query, ParallelOptions options, CancellationToken ct)
            {
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task A_call_without_a_limit_is_reported() => EachAsync(
        "await [|Parallel.ForEachAsync|](uris, ct, async (uri, token) => await Web.SendAsync(uri, token));",
        "await [|Parallel.ForEachAsync|](array, async (uri, token) => { await Web.SendAsync(uri, token); });",
        "await [|Parallel.ForEachAsync|](stream, ct, async (uri, token) => { await Web.SendAsync(uri, token); }).ConfigureAwait(false);",
        "await [|Parallel.ForEachAsync|](uris, new ParallelOptions { CancellationToken = ct }, async (uri, token) => await Web.SendAsync(uri, token));",
        "await [|Parallel.ForEachAsync|](uris, new ParallelOptions(), async (uri, token) => await Web.SendAsync(uri, token));",
        "await [|Parallel.ForEachAsync|](body: async (uri, token) => await Web.SendAsync(uri, token), source: uris);",
        "await [|Parallel.ForEachAsync<Uri>|](uris, async (uri, _) => { await using var x = new MemoryStream(); await Web.PlainAsync(uri); });",
        "await [|System.Threading.Tasks.Parallel.ForEachAsync|](Enumerable.Range(0, 9), async (i, token) => await Task.Delay(i, token));",
        "async Task LocalAsync() => await [|Parallel.ForEachAsync|](uris, async (uri, token) => await Web.SendAsync(uri, token));");

    [Fact]
    public Task Another_call_is_not_reported() => EachAsync(
        "await Parallel.ForEachAsync(uris, options, async (uri, token) => await Web.SendAsync(uri, token));",
        "await Parallel.ForEachAsync(uris, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (uri, token) => await Web.SendAsync(uri, token));",
        "await Parallel.ForEachAsync(uris, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = -1 }, async (uri, token) => await Web.SendAsync(uri, token));",
        "await Parallel.ForEachAsync(uris, new ParallelOptions { TaskScheduler = TaskScheduler.Default }, async (uri, token) => await Web.SendAsync(uri, token));",
        "await Parallel.ForEachAsync(uris, ct, async (uri, token) => { Web.Read(uri); });",
        "await Parallel.ForEachAsync(uris, ct, (uri, token) => { Web.Read(uri); return default; });",
        "await Parallel.ForEachAsync(uris, ct, (uri, token) => new ValueTask(Web.SendAsync(uri, token)));",
        "await Parallel.ForEachAsync(uris, ct, WorkAsync);",
        "await Parallel.ForEachAsync(query, ct, async (uri, token) => await Web.SendAsync(uri, token));",
        "var running = Parallel.ForEachAsync(uris, ct, async (uri, token) => await Web.SendAsync(uri, token)); await running;",
        "await Parallel.ForAsync(0, 9, ct, async (i, token) => await Task.Delay(i, token));",
        "Parallel.ForEach(uris, uri => Web.Read(uri));",
        "await uris.FanOutAsync(8, async (uri, token) => await Web.SendAsync(uri, token), ct);",
        "await Parallel.ForEachAsync(uris, ct, async (uri, token) => { Func<Task> f = async () => await Web.SendAsync(uri, token); });",
        "var own = new ParallelOptions(); await Parallel.ForEachAsync(uris, own, async (uri, token) => await Web.SendAsync(uri, token));");

    [Fact]
    public Task A_limit_is_set() => Fix.FixesEverywhereAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(IEnumerable<Uri> pages, IAsyncEnumerable<Uri> stream, CancellationToken ct)
            {
                // All.
                await {|AK0004:Parallel.ForEachAsync|}(pages, ct, async (page, token) => await Web.SendAsync(page, token)); // Done.
                await {|AK0004:Parallel.ForEachAsync|}(stream, async (page, _) => await Web.GetAsync(page)).ConfigureAwait(false);
                await {|AK0004:Parallel.ForEachAsync|}(
                    pages.Where(page => page.IsAbsoluteUri),
                    new ParallelOptions { CancellationToken = ct }, // Stops.
                    async (page, token) =>
                    {
                        // Send it.
                        await Web.SendAsync(page, token); // Now.
                    });
            }

            public Task ShortAsync(Uri[] pages) => Task.Run(async () => await {|AK0004:Parallel.ForEachAsync|}(pages, async (page, token) => await Web.SendAsync(page, token)));
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(IEnumerable<Uri> pages, IAsyncEnumerable<Uri> stream, CancellationToken ct)
            {
                // All.
                await pages.FanOutAsync(maxConcurrency: 8, async (page, token) => await Web.SendAsync(page, token), ct); // Done.
                await stream.FanOutAsync(maxConcurrency: 8, async (page, _) => { await Web.GetAsync(page); }).ConfigureAwait(false);
                // Stops.
                await pages.Where(page => page.IsAbsoluteUri).FanOutAsync(maxConcurrency: 8, async (page, token) =>
                {
                    // Send it.
                    await Web.SendAsync(page, token); // Now.
                }, ct);
            }

            public Task ShortAsync(Uri[] pages) => Task.Run(async () => await pages.FanOutAsync(maxConcurrency: 8, async (page, token) => await Web.SendAsync(page, token)));
        }
        """);

    [Fact]
    public Task A_value_of_the_operation_is_not_collected() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] pages, HashSet<int> sizes, int[] counts)
            {
                var last = 0;
                await {|AK0004:Parallel.ForEachAsync|}(pages, async (page, token) => last = await Web.CountAsync(page, token));
                await {|AK0004:Parallel.ForEachAsync|}(pages, async (page, token) => counts[0] = await Web.SizeAsync(page, token));
                await {|AK0004:Parallel.ForEachAsync|}(pages, async (page, token) => Interlocked.Add(ref last, await Web.CountAsync(page, token)));
                await {|AK0004:Parallel.ForEachAsync|}(pages, async (page, token) => new List<int>(await Web.CountAsync(page, token)));
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] pages, HashSet<int> sizes, int[] counts)
            {
                var last = 0;
                await pages.FanOutAsync(maxConcurrency: 8, async (page, token) => { last = await Web.CountAsync(page, token); });
                await pages.FanOutAsync(maxConcurrency: 8, async (page, token) => { counts[0] = await Web.SizeAsync(page, token); });
                await pages.FanOutAsync(maxConcurrency: 8, async (page, token) => { Interlocked.Add(ref last, await Web.CountAsync(page, token)); });
                await pages.FanOutAsync(maxConcurrency: 8, async (page, token) => { new List<int>(await Web.CountAsync(page, token)); });
            }
        }
        """);

    [Fact]
    public Task Named_arguments_are_understood() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(IEnumerable<Uri>? pages, CancellationToken ct)
            {
                await {|AK0004:Parallel.ForEachAsync|}(body: async (Uri page, CancellationToken token) => { await Web.SendAsync(page, token); }, source: pages ?? []);
                await {|AK0004:Parallel.ForEachAsync|}(cancellationToken: ct, body: async (page, token) => { await Web.SendAsync(page, token); }, source: pages!);
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(IEnumerable<Uri>? pages, CancellationToken ct)
            {
                await (pages ?? []).FanOutAsync(maxConcurrency: 8, async (Uri page, CancellationToken token) => { await Web.SendAsync(page, token); });
                await pages!.FanOutAsync(maxConcurrency: 8, async (page, token) => { await Web.SendAsync(page, token); }, ct);
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new UnlimitedParallelAnalyzer(), Template, bodies);
}
