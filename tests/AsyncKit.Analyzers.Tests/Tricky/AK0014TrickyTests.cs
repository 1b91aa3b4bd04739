using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0014TrickyTests() : TrickyTests("AK0014")
{
    [Fact]
    public Task A_lambda_of_a_call_becomes_the_call() => FixesAsync(InMethod("""
        var page = await Offload.RunAsync([|() => Web.GetAsync(uri, ct)|]);
        await Offload.RunAsync([|async () => await Web.SendAsync(uri, ct)|], ct);
        Console.WriteLine(page);
        """));

    [Fact]
    public Task A_method_group_and_a_delegate_return_tasks_as_well() => ReportsAsync("""
        public class Sample
        {
            private readonly Func<Task<int>> _count = () => Task.FromResult(1);
            public async Task RunAsync(BlockingLane? lane, Func<CancellationToken, ValueTask> quick, CancellationToken ct)
            {
                await Offload.RunAsync([|LoadAsync|], ct);
                await Offload.RunAsync([|_count|], ct);
                await lane!.RunAsync([|quick|], ct);
                await (lane?.RunAsync([|LoadAsync|]) ?? Task.CompletedTask);
                static async Task LocalAsync() => await Task.Yield();
                await Offload.RunAsync([|LocalAsync|]);
            }
            private Task LoadAsync() => Task.CompletedTask;
        }
        """);

    [Fact]
    public Task Named_arguments_in_another_order_are_the_same_call() => ReportsAsync(InMethod("""
        await Offload.RunAsync(cancellationToken: ct, work: [|token => Web.GetAsync(uri, token)|]);
        await BlockingLane.Shared.RunAsync(onCancel: OnCancel.Abandon, work: [|async token => { await Web.SendAsync(uri, token); }|]);
        """));

    [Fact]
    public Task A_statement_lambda_that_returns_a_task_is_async() => ReportsAsync(InMethod("""
        await Offload.RunAsync([|() => { Console.WriteLine(uri); return Web.GetAsync(uri, ct); }|]);
        await Offload.RunAsync<Task>([|() => { if (uris.Count > 0) { return Task.CompletedTask; } return Web.SendAsync(uri); }|]);
        await Offload.RunAsync([|async delegate { await Web.SendAsync(uri); }|]);
        """));

    [Fact]
    public Task A_blocking_fan_out_with_an_async_operation_is_a_fan_out() => FixesAsync(InMethod("""
        await uris.FanOutBlockingAsync(8, [|(u, token) => Web.GetAsync(u, token)|], ct);
        await FanOut.FanOutBlockingAsync(uris, 4, [|async (u, token) => await Web.SendAsync(u, token)|], cancellationToken: ct);
        """));

    [Fact]
    public Task A_lane_and_options_change_nothing() => ReportsAsync(InMethod("""
        await using var lane = new BlockingLane(4);
        await uris.FanOutBlockingAsync(lane, [|(u, token) => Web.QuickAsync(token)|], ct);
        await uris.FanOutBlockingAsync(lane, new FanOutOptions(2), [|Web.SendAsync|], ct);
        """));

    [Fact]
    public Task An_alias_and_a_static_import_are_the_same_method() => ReportsAsync("""
        using static AsyncKit.Offload;
        using Aside = AsyncKit.Offload;
        public class Sample
        {
            public async Task RunAsync(Uri uri)
            {
                await Aside.RunAsync([|() => Web.GetAsync(uri)|]);
                await global::AsyncKit.Offload.RunAsync([|() => Web.GetAsync(uri)|]);
                await OtherAsync();
            }
            private Task OtherAsync() => Aside.RunAsync([|() => Web.QuickAsync()|]);
        }
        """);

    [Fact]
    public Task A_task_in_parentheses_or_forgiven_is_a_task() => FixesAsync("""
        #nullable enable
        public class Client { public Task<string>? GetAsync(Uri uri) => null; }
        public class Sample
        {
            public async Task RunAsync(Client client, Uri uri)
            {
                await Offload.RunAsync([|() => client.GetAsync(uri)!|]).ConfigureAwait(false);
                await Offload.RunAsync(([|() => (client.GetAsync(uri)!)|]));
            }
        }
        """);

    [Fact]
    public Task A_call_that_is_not_awaited_is_wrong_as_well() => ReportsAsync("""
        public class Sample<T> where T : notnull
        {
            public Task RunAsync(Func<T, CancellationToken, Task<T>> load, T[] items, Uri uri)
            {
                var task = Offload.RunAsync([|() => Web.GetAsync(uri)|]);
                return Task.WhenAll(task, items.FanOutBlockingAsync(2, [|load|]));
            }
        }
        """);

    [Fact]
    public Task Top_level_statements_use_lanes_as_well() => FixesAsync("""
        var uri = new Uri("http://a/");
        await Offload.RunAsync([|async () => await Web.GetAsync(uri)|]); // One.
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task Work_that_waits_for_a_task_blocks() => SilentAsync(InMethod("""
        await Offload.RunAsync(() => Web.GetAsync(uri, ct).Result, ct);
        await Offload.RunAsync(() => Web.GetAsync(uri, ct).GetAwaiter().GetResult(), ct);
        await Offload.RunAsync(() => Web.SendAsync(uri, ct).Wait(ct), ct);
        await Offload.RunAsync(token => Task.WaitAll([Web.SendAsync(uri, token)], token), ct);
        await Offload.RunAsync(() => { _ = Web.SendAsync(uri, ct); }, ct);
        await Offload.RunAsync(() => { Func<Task> later = async () => await Web.SendAsync(uri); later().Wait(ct); }, ct);
        """));

    [Fact]
    public Task A_result_that_contains_tasks_is_a_value() => SilentAsync(InMethod("""
        var tasks = await Offload.RunAsync(() => uris.Select(u => Web.GetAsync(u, ct)).ToArray(), ct);
        var pair = await Offload.RunAsync(() => (Web.SendAsync(uri, ct), 1), ct);
        var lazy = await Offload.RunAsync(() => new Lazy<Task>(() => Web.SendAsync(uri, ct)), ct);
        var factory = await Offload.RunAsync(Func<Task> () => () => Web.SendAsync(uri, ct), ct);
        var source = await Offload.RunAsync(() => new TaskCompletionSource<int>(), ct);
        var lines = await Offload.RunAsync(() => Web.LinesAsync(uri, ct), ct);
        """));

    [Fact]
    public Task An_object_may_be_anything() => SilentAsync("""
        public class Sample
        {
            public async Task RunAsync(dynamic service, object state, CancellationToken ct)
            {
                await Offload.RunAsync(() => state, ct);
                await Offload.RunAsync(object () => state, ct);
                await Offload.RunAsync(() => { service.Load(); }, ct);
                await Offload.RunAsync<object>(() => service.Load(), ct);
                await Offload.RunAsync(() => throw new NotSupportedException(), ct);
            }
            public Task<T> RunAsync<T>(Func<T> work, CancellationToken ct) => Offload.RunAsync(work, ct);
            public Task<T[]> AllAsync<T>(Uri[] uris, Func<Uri, T> work, CancellationToken ct) => uris.FanOutBlockingAsync(4, (u, _) => work(u), ct);
        }
        """);

    [Fact]
    public Task A_class_named_task_or_lane_is_not_meant() => SilentAsync("""
        namespace Jobs
        {
            public class Task { public int Id; }
            public static class Offload
            {
                public static System.Threading.Tasks.Task RunAsync(Func<System.Threading.Tasks.Task> work) => work();
            }
            public class Sample
            {
                public async System.Threading.Tasks.Task RunAsync(Uri[] uris)
                {
                    await Offload.RunAsync(() => Web.GetAsync(uris[0]));
                    Task[] jobs = await uris.FanOutBlockingAsync(4, (u, token) => new Task { Id = u.Port });
                    await AsyncKit.Offload.RunAsync(() => new Task());
                }
            }
        }
        """);

    [Fact]
    public Task A_task_run_on_the_pool_is_not_on_a_lane() => SilentAsync(InMethod("""
        await Task.Run(async () => await Web.SendAsync(uri, ct), ct);
        await foreach (var task in BlockingLane.Shared.Enumerate(uris.Select(u => Web.GetAsync(u, ct)), ct)) { await task; }
        await uris.FanOutAsync(8, async (u, token) => await Web.SendAsync(u, token), ct);
        Action send = async () => await Web.SendAsync(uri, ct);
        await Offload.RunAsync(send, ct);
        """));
}
