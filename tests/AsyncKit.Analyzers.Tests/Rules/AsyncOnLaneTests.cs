using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.AsyncOnLaneAnalyzer, AsyncKit.Analyzers.AsyncOnLaneFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class AsyncOnLaneTests
{
    private const string Template = """
        #pragma warning disable CS1998
        public class C(BlockingLane lane)
        {
            private static Task WorkAsync() => Task.CompletedTask;
            private static Task<int> LoadAsync(CancellationToken ct) => Task.FromResult(1);
            private static Task<int> LoadAsync(Uri uri, CancellationToken ct) => Task.FromResult(1);
            private static async Task LogAsync() { }
            private static int Read() => 1;
            public async Task RunAsync(Uri uri, Uri[] uris, Func<int> read, Func<Task<int>> load, CancellationToken ct)
            {
                BODY
            }
        }
        """;

    [Fact]
    public Task Work_that_returns_a_task_is_reported() => EachAsync(
        "await Offload.RunAsync([|() => WorkAsync()|]);",
        "await Offload.RunAsync([|WorkAsync|], ct);",
        "await Offload.RunAsync([|async () => await WorkAsync()|]);",
        "await Offload.RunAsync([|async t => { await WorkAsync(); return 1; }|], ct);",
        "await Offload.RunAsync([|t => LoadAsync(t)|], OnCancel.Abandon, ct);",
        "await Offload.RunAsync([|load|]);",
        "await Offload.RunAsync([|() => Web.QuickAsync()|]);",
        "await Offload.RunAsync([|() => new ValueTask()|]);",
        "await lane.RunAsync([|LoadAsync|], ct);",
        "await BlockingLane.Shared.RunAsync(onCancel: OnCancel.Wait, work: [|() => { return WorkAsync(); }|]);",
        "await uris.FanOutBlockingAsync(8, [|(u, t) => LoadAsync(u, t)|], ct);",
        "await uris.FanOutBlockingAsync(lane, [|LoadAsync|], ct);",
        "await uris.FanOutBlockingAsync(lane, new FanOutOptions(2), [|async (u, t) => await WorkAsync()|], ct);");

    [Fact]
    public Task Blocking_work_is_not_reported() => EachAsync(
        "await Offload.RunAsync(() => Read());",
        "await Offload.RunAsync(Read, ct);",
        "await Offload.RunAsync(read);",
        "await Offload.RunAsync(() => { _ = WorkAsync(); });",
        "await Offload.RunAsync(() => LoadAsync(ct).GetAwaiter().GetResult());",
        "await Offload.RunAsync(() => Thread.Sleep(1));",
        "await Offload.RunAsync((Action)(() => WorkAsync()));",
        "await lane.RunAsync(t => t.WaitHandle.WaitOne());",
        "await uris.FanOutBlockingAsync(8, (u, t) => Web.Read(u, t), ct);",
        "await foreach (var x in lane.Enumerate(uris, ct)) { }",
        "await uris.FanOutAsync(8, (u, t) => LoadAsync(u, t), ct);",
        "await Task.Run(() => WorkAsync());");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "await ForAsync(() => WorkAsync()); async Task ForAsync<T>(Func<T> work) => await Offload.RunAsync(work);",
        "await ForAsync(load); async Task ForAsync<T>(Func<T> work) where T : Task => await Offload.RunAsync([|work|]);",
        "Func<object> hidden = () => WorkAsync(); await Offload.RunAsync(hidden);",
        "await Offload.RunAsync(() => (object)WorkAsync());",
        "await Offload.RunAsync(() => (dynamic)1);",
        "await Offload.RunAsync([|LocalAsync|]); async Task LocalAsync() => await WorkAsync();",
        "System.Linq.Expressions.Expression<Func<Task<int>>> e = () => Offload.RunAsync(() => Read(), default(CancellationToken));",
        "await Offload.RunAsync(() => { async Task InnerAsync() => await WorkAsync(); return InnerAsync().Wait(5); });",
        "await Offload.RunAsync([|() =>\n#if NEVER\nRead()\n#else\nWorkAsync()|]\n#endif\n);",
        "await Offload.RunAsync([|(Func<Task>)(() => WorkAsync())|]);",
        "await Offload.RunAsync<Task>([|() => null!|]);",
        "await Offload.RunAsync(() => new[] { WorkAsync() });",
        "await Offload.RunAsync(() => (WorkAsync(), 1));",
        "await Offload.RunAsync([|delegate { return WorkAsync(); }|]);",
        "dynamic d = lane; await d.RunAsync((Func<Task>)WorkAsync);",
        "await using var own = new BlockingLane(1); await own.RunAsync([|() => WorkAsync()|]);",
        "await Offload.RunAsync([|ct.CanBeCanceled ? (Func<Task>)WorkAsync : LogAsync|]);",
        "await Offload.RunAsync([|uri switch { null => (Func<Task>)WorkAsync, _ => LogAsync }|]);");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new AsyncOnLaneAnalyzer(), "await Offload.RunAsync([|() => Task.Delay(1)|]);", OutputKind.ConsoleApplication);

    [Fact]
    public Task A_partial_class_is_seen_through() => Verify.ReportsAsync(new AsyncOnLaneAnalyzer(), """
        public partial class C { private partial Task<int> LoadAsync(); public Task RunAsync() => Offload.RunAsync([|LoadAsync|]); }
        public partial class C { private partial Task<int> LoadAsync() => Task.FromResult(1); }
        """);

    [Fact]
    public async Task The_rule_is_an_error() => Assert.Equal(
        [DiagnosticSeverity.Error],
        (await Verify.FindAsync(
            new AsyncOnLaneAnalyzer(),
            Verify.Compile(
                "class C { Task A() => Offload.RunAsync(() => Task.Delay(1)); }",
                Code.References,
                OutputKind.DynamicallyLinkedLibrary))).Select(error => error.Severity));

    [Fact]
    public Task A_result_that_the_caller_needs_is_awaited() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task<int> RunAsync(Uri uri, CancellationToken ct)
            {
                string page = {|CS0029:await Offload.RunAsync({|AK0014:() => Web.GetAsync(uri)|}, ct)|};
                return page.Length;
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task<int> RunAsync(Uri uri, CancellationToken ct)
            {
                string page = await Web.GetAsync(uri, ct);
                return page.Length;
            }
        }
        """);

    [Fact]
    public Task The_operation_is_awaited_directly() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(Uri uri, Uri[] uris, CancellationToken ct)
            {
                // First.
                await Offload.RunAsync({|AK0014:() => Web.PlainAsync(uri)|}); // Plain.
                await Offload.RunAsync({|AK0014:() => ct.CanBeCanceled ? Web.PlainAsync(uri) : Web.SendAsync(uri)|});
                await Offload.RunAsync({|AK0014:() => Web.SendAsync(uri)|}, ct);
                await Offload.RunAsync({|AK0014:async () => await Web.SendAsync(uri, ct)|}, ct).ConfigureAwait(false);
                var count = await await BlockingLane.Shared.RunAsync({|AK0014:() => Web.CountAsync(uri)|}, ct);
                var counting = await Offload.RunAsync({|AK0014:() => Web.CountAsync(uri)|});
                Console.WriteLine(count + await counting);
                await uris.FanOutBlockingAsync(8, {|AK0014:(u, t) => Web.SendAsync(u, t)|}, ct);
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(Uri uri, Uri[] uris, CancellationToken ct)
            {
                // First.
                await Web.PlainAsync(uri); // Plain.
                await (ct.CanBeCanceled ? Web.PlainAsync(uri) : Web.SendAsync(uri));
                await Web.SendAsync(uri, ct);
                await Web.SendAsync(uri, ct).ConfigureAwait(false);
                var count = await Web.CountAsync(uri, ct);
                var counting = Web.CountAsync(uri);
                Console.WriteLine(count + await counting);
                await uris.FanOutAsync(8, (u, t) => Web.SendAsync(u, t), ct);
            }
        }
        """);

    [Fact]
    public Task Other_shapes_have_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C(BlockingLane lane)
        {
            public async Task RunAsync(Uri uri, Uri[] uris, CancellationToken ct)
            {
                await Offload.RunAsync(t => Web.SendAsync(uri, t), ct);
                await Offload.RunAsync(() => { return Web.SendAsync(uri); });
                await uris.FanOutBlockingAsync(lane, (u, t) => Web.SendAsync(u, t), ct);
                var tasks = await uris.FanOutBlockingAsync(8, (u, t) => Web.CountAsync(u, t), ct);
                await Task.WhenAll(tasks);
                var running = Offload.RunAsync(() => Web.PlainAsync(uri));
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new AsyncOnLaneAnalyzer(), Template, bodies);
}
