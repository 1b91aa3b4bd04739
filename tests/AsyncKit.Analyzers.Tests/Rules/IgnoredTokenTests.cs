using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.IgnoredTokenAnalyzer, AsyncKit.Analyzers.IgnoredTokenFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class IgnoredTokenTests
{
    private const string Template = """
        #pragma warning disable CS4014, CS8321
        public class C(CancellationToken stop)
        {
            private readonly CancellationToken _stopping = stop;
            private static void Log(object? value) { }
            public async Task<object?> RunAsync(Uri uri, Uri[] uris, IAsyncEnumerable<Uri> stream, HttpClient client, AsyncResource<string> resource, CancellationToken ct, CancellationToken other)
            {
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task The_token_of_the_call_inside_the_operation_is_reported() => EachAsync(
        "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, [|ct|]), ct);",
        "await uris.FanOutAsync(8, (u, token) => Web.GetAsync(u, [|ct|]), ct);",
        "await uris.FanOutAsync(8, (u, _) => Web.GetAsync(u, [|ct|]), ct);",
        "await stream.FanOutAsync(new FanOutOptions(2), async (u, token) => { await Web.SendAsync(u, token); await Web.SendAsync(u, cancellationToken: [|ct|]); }, ct);",
        "await foreach (var x in uris.FanOutStream(8, async (u, t) => await Web.GetAsync(u, [|ct|]).ConfigureAwait(false), ct)) { }",
        "await uris.FanOutReportAsync(8, async (u, t) => { var page = await Web.GetAsync(u, [|ct|]); Log(page); }, ct);",
        "await uris.FanOutBlockingAsync(8, (u, t) => Web.Read(u, [|ct|]), ct);",
        "await uris.PerWorker(t => Task.FromResult(1)).FanOutAsync(8, async (worker, u, t) => await Web.SendAsync(u, [|ct|]), ct);",
        "await Parallel.ForEachAsync(uris, ct, async (u, t) => await Web.SendAsync(u, [|ct|]));",
        "await Parallel.ForAsync(0, 5, ct, async (i, t) => await Task.Delay(i, [|ct|]));",
        "var options = new ParallelOptions { CancellationToken = ct }; await Parallel.ForEachAsync(uris, options, async (u, t) => await Web.SendAsync(u, [|ct|]));",
        "await Parallel.ForEachAsync(uris, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = ct }, async (u, t) => await Web.SendAsync(u, [|ct|]));",
        "await Deadline.RunAsync(async t => await Web.SendAsync(uri, [|ct|]), TimeSpan.FromSeconds(1), ct);",
        "await Retry.RunAsync(t => Web.SendAsync(uri, [|ct|]), null, ct);",
        "await resource.UseAsync(async (r, t) => await Web.SendAsync(uri, [|ct|]), ct);",
        "await AsyncScope.RunAsync(async (s, t) => await Web.SendAsync(uri, [|ct|]), null, ct);",
        "await client_GetAll(); async Task client_GetAll() => await AsyncKit.Http.HttpFanOut.GetAllAsync(client, uris, 2, async (response, t) => await response.Content.ReadAsStringAsync([|ct|]), ct);",
        "await uris.FanOutAsync(8, async (u, t) => await Web.SendAsync(u, [|_stopping|]), _stopping);",
        "await uris.FanOutAsync(8, async (u, t) => await Web.SendAsync(u, [|stop|]), stop);",
        "await foreach (var u in uris.FanOutOutcomes(8, async (u, t) => { await foreach (var line in Web.LinesAsync(u, [|ct|])) { } }, ct)) { }");

    [Fact]
    public Task A_token_from_outside_without_a_token_of_the_call_is_reported() => EachAsync(
        "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, [|ct|]));",
        "await uris.FanOutAsync(8, async (u, _) => await Web.GetAsync(u, [|ct|]));",
        "await Parallel.ForEachAsync(uris, async (u, t) => await Web.SendAsync(u, [|ct|]));",
        "await using var scope = TaskScope.Open(null, ct); scope.Run(async t => await Web.SendAsync(uri, [|ct|])); await scope.JoinAsync();",
        "await using var scope = TaskScope.Open(); scope.Run(async t => await Web.SendAsync(uri, [|ct|])); await scope.JoinAsync();");

    [Fact]
    public Task Another_use_of_a_token_is_not_reported() => EachAsync(
        "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, token), ct);",
        "await uris.FanOutAsync(8, async (u, ct) => await Web.GetAsync(u, ct), ct);",
        "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, other), ct);",
        "await uris.FanOutAsync(8, async (u, token) => { await Web.SendAsync(u, token); await Web.SendAsync(u, ct); });",
        "await uris.FanOutAsync(8, async (u, token) => { if (ct.IsCancellationRequested) { return; } ct.ThrowIfCancellationRequested(); await Web.SendAsync(u, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { using var r = ct.Register(() => { }); await Web.SendAsync(u, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, other); await Web.SendAsync(u, linked.Token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, CancellationToken.None), ct);",
        "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u), ct);",
        "await uris.FanOutAsync(8, async (u, token) => { Log(ct); await Web.SendAsync(u, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { await Task.Yield(); throw new OperationCanceledException(ct); }, ct);",
        "await uris.FanOutAsync(8, (u, token) => Task.FromCanceled(ct), ct);",
        "await uris.FanOutAsync(8, async (u, token) => { try { await Web.SendAsync(u, token); } finally { await Web.SendAsync(u, ct); } }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { try { await Web.SendAsync(u, token); } catch (FormatException) { await Web.SendAsync(u, ct); } }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { _ = Web.SendAsync(u, ct); await Web.SendAsync(u, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { Web.SendAsync(u, ct); await Web.SendAsync(u, token); }, ct);",
        "await Web.SendAsync(uri, ct);",
        "await uris.FanOutAsync(8, (u, token) => BothAsync(token, ct), ct); static Task BothAsync(CancellationToken one, CancellationToken two) => Task.CompletedTask;",
        "await using var scope = TaskScope.Open(null, other); scope.Run(async t => await Web.SendAsync(uri, ct)); await scope.JoinAsync();",
        "void Add(TaskScope scope) => scope.Run(async t => await Web.SendAsync(uri, ct));",
        "Parallel.ForEach(uris, new ParallelOptions { CancellationToken = ct }, u => Web.Read(u, ct));",
        "var options = new ParallelOptions { CancellationToken = ct }; options.CancellationToken = other; await Parallel.ForEachAsync(uris, options, async (u, t) => await Web.SendAsync(u, ct));");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "await Task.WhenAll(uris.Select(async u => await Web.SendAsync(u, ct)));",
        "await uris.FanOutAsync(8, async (u, token) => { await Retry.RunAsync(async t => await Web.SendAsync(u, [|token|]), null, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { await Retry.RunAsync(async t => await Web.SendAsync(u, ct), null, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { await Retry.RunAsync(async t => await Web.SendAsync(u, t), null, [|ct|]); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { await LocalAsync(); async Task LocalAsync() => await Web.SendAsync(u, ct); }, ct);",
        "await uris.FanOutAsync(8, LocalAsync, ct); async Task LocalAsync(Uri u, CancellationToken token) => await Web.SendAsync(u, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { var ct2 = ct; await Web.SendAsync(u, ct2); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { System.Linq.Expressions.Expression<Func<Task>> e = () => Web.SendAsync(u, ct); await e.Compile()(); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { dynamic d = new object(); await d.SendAsync(u, ct); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { using var source = new CancellationTokenSource(); await Web.SendAsync(u, source.Token); await Web.SendAsync(u, token); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => await Web.SendAsync(u,\n#if NEVER\ntoken\n#else\n[|ct|]\n#endif\n), ct);",
        "await uris.FanOutAsync(8, static async (u, token) => await Web.SendAsync(u, token), ct);",
        "async Task EachAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, Task> work, CancellationToken inner) => await items.FanOutAsync(8, async (i, token) => await work(i, [|inner|]), inner);",
        "await uris.FanOutAsync(8, async (u, token) => { await using var stream = new MemoryStream(); await stream.WriteAsync(new byte[1], [|ct|]); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { if (await Web.CountAsync(u, [|ct|]) is > 0 and var n) { Log(n); } }, ct);",
        "await uris.FanOutAsync(8, delegate { return Web.SendAsync(uri, ct); }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { var sending = Web.SendAsync(u, [|ct|]); await sending; }, ct);",
        "await uris.FanOutAsync(8, async (u, token) => { foreach (var x in uris.Select(y => Web.Read(y, ct))) { await Task.Delay(x, token); } }, ct);",
        "await uris.FanOutAsync(cancellationToken: ct, maxConcurrency: 8, operation: async (Uri u, CancellationToken token) => await Web.SendAsync(u, [|ct|]));");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new IgnoredTokenAnalyzer(),
        """
        using var source = new CancellationTokenSource();
        var ct = source.Token;
        await new[] { 1 }.FanOutAsync(8, async (i, t) => await Task.Delay(i, [|ct|]), ct);
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public Task A_partial_class_is_seen_through() => Verify.ReportsAsync(new IgnoredTokenAnalyzer(), """
        public partial class C<T> { private CancellationToken _ct; }
        public partial class C<T>
        {
            public Task RunAsync(T[] items) => items.FanOutAsync(8, async (i, t) => await Task.Delay(1, [|_ct|]), _ct);
        }
        """);

    [Fact]
    public async Task The_message_names_both_tokens() => Assert.Equal(
        ["Pass 'token', the token of the operation, instead of 'ct'; otherwise a failure does not cancel this call"],
        await Verify.MessagesAsync(new IgnoredTokenAnalyzer(), Template.Replace(
            "BODY", "await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, ct), ct);", StringComparison.Ordinal)));

    [Fact]
    public Task The_token_of_the_operation_is_passed() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await uris.FanOutAsync(8, async (uri, token) => await Web.GetAsync(uri, /* This. */ {|AK0005:ct|} /* That. */), ct);
                await uris.FanOutAsync(8, async (uri, _) =>
                {
                    await Web.SendAsync(uri, {|AK0005:ct|});
                    await Web.SendAsync(uri, cancellationToken: {|AK0005:ct|});
                }, ct);
                await Retry.RunAsync(_ => Web.SendAsync(uris[0], {|AK0005:ct|}), null, ct);
                await Parallel.ForEachAsync(uris, ct, (uri, token) => new ValueTask(Web.SendAsync(uri, {|AK0005:ct|})));
                await uris.FanOutAsync(8, async (uri, token) => await Web.SendAsync(uri, {|AK0005:ct|}));
                await Retry.RunAsync(_ => Web.SendAsync(uris[0], {|AK0005:ct|}));
                await Parallel.ForEachAsync(uris, (uri, token) => new ValueTask(Web.SendAsync(uri, {|AK0005:ct|})));
                await Parallel.ForAsync(0, 2, async (i, token) => await Web.SendAsync(uris[i], {|AK0005:ct|}));
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await uris.FanOutAsync(8, async (uri, token) => await Web.GetAsync(uri, /* This. */ token /* That. */), ct);
                await uris.FanOutAsync(8, async (uri, ct) =>
                {
                    await Web.SendAsync(uri, ct);
                    await Web.SendAsync(uri, cancellationToken: ct);
                }, ct);
                await Retry.RunAsync(ct => Web.SendAsync(uris[0], ct), null, ct);
                await Parallel.ForEachAsync(uris, ct, (uri, token) => new ValueTask(Web.SendAsync(uri, token)));
                await uris.FanOutAsync(8, async (uri, token) => await Web.SendAsync(uri, token), ct);
                await Retry.RunAsync(ct => Web.SendAsync(uris[0], ct), cancellationToken: ct);
                await Parallel.ForEachAsync(uris, ct, (uri, token) => new ValueTask(Web.SendAsync(uri, token)));
                await Parallel.ForAsync(0, 2, ct, async (i, token) => await Web.SendAsync(uris[i], token));
            }
        }
        """);

    [Fact]
    public Task A_call_without_a_place_for_the_token_has_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await Parallel.ForEachAsync(uris, new ParallelOptions(), async (uri, token) => await Web.SendAsync(uri, ct));
                await using var scope = TaskScope.Open();
                _ = scope.Run(token => Web.SendAsync(uris[0], ct));
                await scope.JoinAsync();
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new IgnoredTokenAnalyzer(), Template, bodies);
}
