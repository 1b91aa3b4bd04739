using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0004TrickyTests() : TrickyTests("AK0004")
{
    [Fact]
    public Task A_block_with_a_token_and_a_configured_await_is_the_same_call() => FixesAsync(InMethod("""
        await [|Parallel.ForEachAsync|](uris, ct, async (u, token) =>
        {
            // One.
            await Web.SendAsync(u, token).ConfigureAwait(false);
        }).ConfigureAwait(false); // All.
        """));

    [Fact]
    public Task A_call_without_a_token_gets_none() => FixesAsync(InMethod("""
        await [|Parallel.ForEachAsync|](uris, async (u, _) => await Web.PlainAsync(u));
        """));

    [Fact]
    public Task Inline_options_without_a_limit_are_no_limit() => FixesAsync(InMethod("""
        await [|Parallel.ForEachAsync|](uris, new ParallelOptions { CancellationToken = ct }, async (u, token) => await Web.SendAsync(u, token));
        await [|Parallel.ForEachAsync|](uris, new ParallelOptions(), async (u, token) => await Web.SendAsync(u, token));
        await [|Parallel.ForEachAsync<Uri>|](uris, parallelOptions: new() { CancellationToken = ct }, async (u, token) => await Web.SendAsync(u, token));
        """));

    [Fact]
    public Task An_async_source_is_a_source() => FixesAsync("""
        public class Sample<T>(Func<T, CancellationToken, Task> send)
        {
            public async Task RunAsync(IAsyncEnumerable<T> items, CancellationToken ct) =>
                await [|Parallel.ForEachAsync|](items, ct, async (item, token) => await send(item, token));
        }
        """);

    [Fact]
    public Task A_static_import_and_named_arguments_are_the_same_call() => ReportsAsync("""
        using static System.Threading.Tasks.Parallel;
        public class Sample
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await [|ForEachAsync|](uris, ct, async (u, token) => { await Web.SendAsync(u, token); });
                await [|Parallel.ForEachAsync|](body: async (u, token) => await Web.SendAsync(u, token), source: uris, cancellationToken: ct);
            }
        }
        """);

    [Fact]
    public Task Top_level_statements_and_local_functions_loop_as_well() => FixesAsync("""
        var uris = args.Select(arg => new Uri(arg));
        await [|Parallel.ForEachAsync|](uris, async (u, token) =>
        {
            await foreach (var line in Web.LinesAsync(u, token)) { Console.WriteLine(line); }
        });
        await LocalAsync();
        async Task LocalAsync() => await [|Parallel.ForEachAsync|](uris, async (u, token) => { await using var s = new MemoryStream(); await s.FlushAsync(token); });
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_limit_that_is_set_is_a_limit() => SilentAsync(InMethod("""
        await Parallel.ForEachAsync(uris, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct }, async (u, token) => await Web.SendAsync(u, token));
        await Parallel.ForEachAsync(uris, parallelOptions: new() { MaxDegreeOfParallelism = uris.Count }, async (u, token) => await Web.SendAsync(u, token));
        """));

    [Fact]
    public Task Options_from_elsewhere_may_have_a_limit() => SilentAsync("""
        public class Sample(ParallelOptions parameter)
        {
            private static readonly ParallelOptions s_options = new() { MaxDegreeOfParallelism = 2 };
            public async Task RunAsync(Uri[] uris, bool fast)
            {
                var options = new ParallelOptions();
                options.MaxDegreeOfParallelism = 4;
                await Parallel.ForEachAsync(uris, options, async (u, token) => await Web.SendAsync(u, token));
                await Parallel.ForEachAsync(uris, parameter, async (u, token) => await Web.SendAsync(u, token));
                await Parallel.ForEachAsync(uris, fast ? s_options : new ParallelOptions(), async (u, token) => await Web.SendAsync(u, token));
                await Parallel.ForEachAsync(uris, Create(), async (u, token) => await Web.SendAsync(u, token));
            }
            private static ParallelOptions Create() => new() { MaxDegreeOfParallelism = 2 };
        }
        """);

    [Fact]
    public Task A_body_without_an_await_is_work_for_the_cores() => SilentAsync(InMethod("""
        await Parallel.ForEachAsync(uris, ct, (u, token) => { Console.WriteLine(u); return ValueTask.CompletedTask; });
        await Parallel.ForEachAsync(uris, ct, (u, token) => { Func<Task> later = async () => await Web.SendAsync(u, token); Console.WriteLine(later); return default; });
        await Parallel.ForEachAsync(uris, ct, HashAsync);
        await Parallel.ForEachAsync(uris, ct, (u, token) => { async Task LocalAsync() => await Task.Yield(); Console.WriteLine(nameof(LocalAsync)); return default; });
        static ValueTask HashAsync(Uri u, CancellationToken token) => default;
        """));

    [Fact]
    public Task A_loop_that_is_not_awaited_at_once_is_left_alone() => SilentAsync("""
        public class Sample
        {
            public Task RunAsync(Uri[] uris) => Parallel.ForEachAsync(uris, async (u, token) => await Web.SendAsync(u, token));
            public async Task StartAsync(Uri[] uris, TaskScheduler scheduler)
            {
                var task = Parallel.ForEachAsync(uris, async (u, token) => await Web.SendAsync(u, token));
                await task;
                await Parallel.ForEachAsync(uris, async (u, token) => await Web.SendAsync(u, token)).WaitAsync(TimeSpan.FromSeconds(1));
                await Parallel.ForEachAsync(uris, new ParallelOptions { TaskScheduler = scheduler }, async (u, token) => await Web.SendAsync(u, token));
            }
        }
        """);

    [Fact]
    public Task Another_class_or_another_loop_is_not_meant() => SilentAsync("""
        namespace Other
        {
            public static class Parallel { public static Task ForEachAsync<T>(IEnumerable<T> all, Func<T, CancellationToken, ValueTask> body) => Task.CompletedTask; }
            public class Sample
            {
                public async Task RunAsync(Uri[] uris, CancellationToken ct)
                {
                    await Parallel.ForEachAsync(uris, async (u, token) => await Web.SendAsync(u, token));
                    await System.Threading.Tasks.Parallel.ForAsync(0, 10, ct, async (i, token) => await Web.SendAsync(uris[i], token));
                    System.Threading.Tasks.Parallel.ForEach(uris, u => Web.Read(u, ct));
                }
            }
        }
        """);
}
