using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.UnjoinedScopeAnalyzer, AsyncKit.Analyzers.UnjoinedScopeFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class UnjoinedScopeTests
{
    private const string Template = """
        #pragma warning disable CS4014
        public class C
        {
            private TaskScope? _scope;
            private static Task WorkAsync(CancellationToken ct) => Task.CompletedTask;
            private static void Use(TaskScope scope) { }
            public async Task<object?> RunAsync(bool flag, CancellationToken ct)
            {
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task A_scope_that_drops_a_child_and_is_not_joined_is_reported() => EachAsync(
        "await using var [|s|] = TaskScope.Open(); s.Run(WorkAsync);",
        "await using TaskScope [|s|] = TaskScope.Open(null, ct); _ = s.Run(WorkAsync);",
        "await using (var [|s|] = TaskScope.Open()) { s.Run(WorkAsync); }",
        "await using var [|s|] = TaskScope.Open(); while (true) { s.Run(WorkAsync); if (flag) { break; } }",
        "await using var [|s|] = TaskScope.Open(); var kept = s.Run(WorkAsync); s.Run(WorkAsync); await kept;",
        "await using var [|s|] = TaskScope.Open(); s.Run(async t => { await WorkAsync(s.Token); s.Run(WorkAsync); });",
        "await using var [|s|] = TaskScope.Open(); foreach (var i in new[] { 1 }) { s.Run(t => WorkAsync(t)); } Console.WriteLine(s.ToString());");

    [Fact]
    public Task A_scope_that_ends_on_purpose_is_not_reported() => EachAsync(
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); await s.JoinAsync();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); if (flag) { await s.JoinAsync(); }",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); s.Cancel();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); ct.Register(() => s.Cancel());",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); Use(s);",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); _scope = s;",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); return s;",
        "await using var s = TaskScope.Open(); Func<Task> join = s.JoinAsync; s.Run(WorkAsync); await join();",
        "await using var s = TaskScope.Open(); await s.Run(WorkAsync);",
        "await using var s = TaskScope.Open(); var child = s.Run(WorkAsync); await child;",
        "await using var s = TaskScope.Open(); var children = new List<Task> { s.Run(WorkAsync) }; await Task.WhenAll(children);",
        "await using var s = TaskScope.Open(); Console.WriteLine(s.Token);",
        "var s = TaskScope.Open(); s.Run(WorkAsync); await s.DisposeAsync();",
        "await using var s = TaskScope.Open(); while (true) { s.Run(WorkAsync); await Task.Delay(5, ct); }",
        "await using var s = TaskScope.Open(); for (;;) { s.Run(WorkAsync); await Task.Delay(5, ct); }",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); throw new FormatException();");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "async Task LocalAsync<T>() { await using var [|s|] = TaskScope.Open(); s.Run(WorkAsync); } await LocalAsync<int>();",
        "Func<Task> f = async () => { await using var [|s|] = TaskScope.Open(); _ = s.Run(WorkAsync); }; await f();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); Func<Task> f = async () => await s.JoinAsync(); await f();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); await JoinAsync(); Task JoinAsync() => s.JoinAsync();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); var alias = s; await alias.JoinAsync();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); if (s is { } other) { await other.JoinAsync(); }",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); dynamic d = s; await d.JoinAsync();",
        "await using var s = TaskScope.Open(); s.Run(WorkAsync); var pair = (s, 1); await pair.s.JoinAsync();",
        "await using var s = flag ? TaskScope.Open() : null; s?.Run(WorkAsync);",
        "await using var outer = TaskScope.Open(); outer.Run(async t => { await using var [|inner|] = TaskScope.Open(null, t); inner.Run(WorkAsync); }); await outer.JoinAsync();",
        "await using var [|s|] = TaskScope.Open(); s.Run(WorkAsync);\n#if NEVER\nawait s.JoinAsync();\n#endif",
        "await using var configured = TaskScope.Open().ConfigureAwait(false);",
        "await using var [|s|] = TaskScope.Open(); s.Run<int>(async t => { await WorkAsync(t); return 1; });",
        "await using var s = TaskScope.Open(); System.Linq.Expressions.Expression<Func<Task>> e = () => s.JoinAsync(); s.Run(WorkAsync);",
        "await using TaskScope a = TaskScope.Open(), [|b|] = TaskScope.Open(); a.Run(WorkAsync); b.Run(WorkAsync); await a.JoinAsync();");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new UnjoinedScopeAnalyzer(),
        """
        await using var [|s|] = TaskScope.Open();
        s.Run(t => Task.Delay(1, t));
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public async Task The_message_names_the_scope() => Assert.Equal(
        ["'s' is disposed without JoinAsync, which cancels its children and hides their failures"],
        await Verify.MessagesAsync(new UnjoinedScopeAnalyzer(), Template.Replace(
            "BODY", "await using var s = TaskScope.Open(); s.Run(WorkAsync);", StringComparison.Ordinal)));

    [Fact]
    public Task The_join_is_added_at_the_end_of_the_block() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task<int> RunAsync(CancellationToken ct)
            {
                await using var {|AK0015:s|} = TaskScope.Open(null, ct);
                var count = 0;
                _ = s.Run(t => Task.Delay(1, t)); // First.

                // The result.
                return count;
            }

            public async Task RunAsync()
            {
                await using (var {|AK0015:s|} = TaskScope.Open())
                {
                    _ = s.Run(t => Task.Delay(1, t));
                    // The end.
                }
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task<int> RunAsync(CancellationToken ct)
            {
                await using var s = TaskScope.Open(null, ct);
                var count = 0;
                _ = s.Run(t => Task.Delay(1, t)); // First.
                await s.JoinAsync();

                // The result.
                return count;
            }

            public async Task RunAsync()
            {
                await using (var s = TaskScope.Open())
                {
                    _ = s.Run(t => Task.Delay(1, t));
                    await s.JoinAsync();
                    // The end.
                }
            }
        }
        """);

    [Fact]
    public Task An_early_return_has_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            public async Task RunAsync(bool flag)
            {
                await using var s = TaskScope.Open();
                _ = s.Run(t => Task.Delay(1, t));
                if (flag) { return; }
                await Task.Yield();
            }
        }
        """);

    [Fact]
    public async Task A_dropped_child_gives_no_other_warning()
    {
        const string Source = """
            public sealed class C
            {
                public async Task RunAsync()
                {
                    await using var s = TaskScope.Open();
                    s.Run(t => Task.Delay(1, t));
                    Task.Delay(1);
                    Run();
                    await s.JoinAsync();
                }

                private static Task Run() => Task.CompletedTask;
            }
            """;
        var compilation = Verify.Compile(Source, Code.References, OutputKind.DynamicallyLinkedLibrary);
        var all = await Microsoft.CodeAnalysis.Diagnostics.DiagnosticAnalyzerExtensions
            .WithAnalyzers(compilation, [new DroppedChildSuppressor()]).GetAllDiagnosticsAsync();

        Assert.Equal(
            ["Task.Delay(1)", "Run()"],
            all.Where(diagnostic => diagnostic is { Id: "CS4014", IsSuppressed: false })
                .Select(diagnostic => Source[diagnostic.Location.SourceSpan.Start..diagnostic.Location.SourceSpan.End]),
            StringComparer.Ordinal);
    }

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new UnjoinedScopeAnalyzer(), Template, bodies);
}
