using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0015TrickyTests() : TrickyTests("AK0015")
{
    [Fact]
    public Task A_scope_with_a_type_and_options_is_one_as_well() => FixesAsync(InMethod("""
        await using TaskScope [|scope|] = TaskScope.Open(new() { Policy = TaskScopePolicy.RunToEnd }, ct);
        scope.Run(token => Web.SendAsync(uri, token));
        _ = scope.Run(async token => await Web.GetAsync(uri, token));
        """));

    [Fact]
    public Task A_scope_of_a_using_statement_is_one_as_well() => FixesAsync(InMethod("""
        await using (var [|scope|] = TaskScope.Open(cancellationToken: ct))
        {
            foreach (var u in uris)
            {
                scope.Run(token => Web.SendAsync(u, token));
            }
        }
        """));

    [Fact]
    public Task A_name_of_the_join_joins_nothing() => FixesAsync(InMethod("""
        await using var [|scope|] = TaskScope.Open();
        Console.WriteLine(nameof(scope.JoinAsync));
        // scope.JoinAsync() comes later.
        scope.Run(token => Web.SendAsync(uri, token));
        """));

    [Fact]
    public Task One_awaited_child_does_not_join_the_others() => FixesAsync(InMethod("""
        await using var [|scope|] = TaskScope.Open();
        var size = await scope.Run(token => Web.CountAsync(uri, token));
        if (size > 0)
        {
            scope.Run(token => Web.SendAsync(uri, token));
        }
        """));

    [Fact]
    public Task The_join_of_another_scope_joins_only_that_one() => FixesAsync(InMethod("""
        await using TaskScope a = TaskScope.Open(), [|b|] = TaskScope.Open();
        a.Run(token => Web.SendAsync(uri, token));
        b.Run(token => Web.SendAsync(uri, token));
        await a.JoinAsync();
        """));

    [Fact]
    public Task A_child_that_adds_children_drops_them_too() => FixesAsync(InMethod("""
        await using var [|scope|] = TaskScope.Open();
        scope.Run(async token =>
        {
            await Web.SendAsync(uri, token);
            _ = scope.Run(inner => Web.SendAsync(uri, inner));
        });
        """));

    [Fact]
    public Task Top_level_statements_have_scopes_as_well() => FixesAsync("""
        using AsyncKit;
        await using var [|scope|] = TaskScope.Open();
        scope.Run(token => Web.SendAsync(new Uri("http://a/"), token));
        Console.WriteLine("started");

        static void Local() { }
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task The_join_comes_before_the_last_return() => FixesAsync("""
        public class Sample
        {
            public async Task<int> RunAsync(Uri uri)
            {
                Func<Task<int>> run = async () =>
                {
                    await using var [|inner|] = TaskScope.Open();
                    inner.Run(token => Web.SendAsync(uri, token));
                    return 2;
                };
                await using var [|scope|] = TaskScope.Open();
                _ = scope.Run(token => Web.SendAsync(uri, token));
                return await run(); // The result.
            }
        }
        """);

    [Fact]
    public Task An_iterator_and_a_nested_block_have_scopes_as_well() => FixesAsync("""
        public class Sample<T>(T[] items)
        {
            public async IAsyncEnumerable<T> ReadAsync(Uri uri)
            {
                foreach (var item in items)
                {
                    try
                    {
                        await using var [|scope|] = TaskScope.Open();
                        scope.Run(token => Web.SendAsync(uri, token));
                        yield return item;
                    }
                    finally
                    {
                        Console.WriteLine(item);
                    }
                }
            }
        }
        """);

    [Fact]
    public Task A_scope_that_is_passed_on_may_be_joined_there() => SilentAsync("""
        public class Holder { public TaskScope? Scope { get; set; } }
        public static class Extensions { public static Task FinishAsync(this TaskScope scope) => scope.JoinAsync(); }
        public class Sample
        {
            private TaskScope? _scope;
            public async Task<object?> RunAsync(Uri uri, bool flag)
            {
                await using var a = TaskScope.Open(); a.Run(t => Web.SendAsync(uri, t)); await a.FinishAsync();
                await using var b = TaskScope.Open(); b.Run(t => Web.SendAsync(uri, t)); TaskScope[] all = [b]; await all[0].JoinAsync();
                await using var c = TaskScope.Open(); c.Run(t => Web.SendAsync(uri, t)); var (x, _) = (c, 1); await x.JoinAsync();
                await using var d = TaskScope.Open(); d.Run(t => Web.SendAsync(uri, t)); var holder = new Holder { Scope = d }; await holder.Scope.JoinAsync();
                await using var e = TaskScope.Open(); e.Run(t => Web.SendAsync(uri, t)); _scope = e; await _scope.JoinAsync();
                await using var f = TaskScope.Open(); f.Run(t => Web.SendAsync(uri, t)); var same = flag ? f : a; await same.JoinAsync();
                await using var g = TaskScope.Open(); g.Run(t => Web.SendAsync(uri, t)); if (g is { } pattern) { await pattern.JoinAsync(); }
                await using var h = TaskScope.Open(); h.Run(t => Web.SendAsync(uri, t)); return h;
            }
        }
        """);

    [Fact]
    public Task A_join_in_any_form_joins() => SilentAsync(InMethod("""
        await using var a = TaskScope.Open(); a.Run(t => Web.SendAsync(uri, t)); Func<Task> join = a.JoinAsync; await join();
        await using var b = TaskScope.Open(); b.Run(t => Web.SendAsync(uri, t)); await (b?.JoinAsync() ?? Task.CompletedTask);
        await using var c = TaskScope.Open(); c.Run(t => Web.SendAsync(uri, t)); var joined = c!.JoinAsync(); await joined;
        await using var d = TaskScope.Open(); d.Run(t => Web.SendAsync(uri, t)); await LocalAsync(); Task LocalAsync() => d.JoinAsync();
        await using var e = TaskScope.Open(); try { e.Run(t => Web.SendAsync(uri, t)); } finally { if (uris.Count > 0) { await e.JoinAsync().WaitAsync(ct); } }
        await using var f = TaskScope.Open(); f.Run(t => Web.SendAsync(uri, t)); using var registration = ct.Register(() => f.Cancel());
        await using var g = TaskScope.Open(); g.Run(t => Web.SendAsync(uri, t)); using var other = ct.Register(g.Cancel);
        """));

    [Fact]
    public Task Children_that_are_kept_are_awaited() => SilentAsync(InMethod("""
        await using var scope = TaskScope.Open();
        var tasks = new List<Task>();
        foreach (var u in uris) { tasks.Add(scope.Run(t => Web.SendAsync(u, t))); }
        await Task.WhenAll(tasks);
        await Task.WhenAll(uris.Select(u => scope.Run(t => Web.GetAsync(u, t))));
        Task first = scope.Run(t => Web.SendAsync(uri, t)), second = StartAsync(uri);
        await Task.WhenAny(first, second);
        Task StartAsync(Uri u) => scope.Run(t => Web.SendAsync(u, t));
        if (scope.Run(t => Web.CountAsync(uri, t)) is { IsCompleted: false } task) { await task; }
        _ = scope.Run(t => Web.SendAsync(uri, t)).ContinueWith(t => Console.WriteLine(t.Exception), ct);
        """));

    [Fact]
    public Task A_scope_without_children_needs_no_join() => SilentAsync(InMethod("""
        await using var scope = TaskScope.Open(cancellationToken: ct);
        await Web.SendAsync(uri, scope.Token);
        Console.WriteLine(scope);
        """));

    [Fact]
    public Task A_delegate_of_the_method_keeps_what_it_returns() => SilentAsync(InMethod("""
        await using var scope = TaskScope.Open();
        Func<Func<CancellationToken, Task>, Task> run = scope.Run;
        await run(t => Web.SendAsync(uri, t));
        """));

    [Fact]
    public Task Another_type_of_that_name_is_not_meant() => SilentAsync("""
        namespace Other
        {
            public sealed class TaskScope : IAsyncDisposable
            {
                public static TaskScope Open() => new();
                public Task Run(Func<CancellationToken, Task> work) => Task.CompletedTask;
                public ValueTask DisposeAsync() => default;
            }
            public class Sample
            {
                public async Task RunAsync()
                {
                    await using var scope = TaskScope.Open();
                    _ = scope.Run(_ => Task.CompletedTask);
                    var later = AsyncKit.TaskScope.Open();
                    _ = later.Run(_ => Task.CompletedTask);
                    await later.DisposeAsync();
                }
            }
        }
        """);
}
