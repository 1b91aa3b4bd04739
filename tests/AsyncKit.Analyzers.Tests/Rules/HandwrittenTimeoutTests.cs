using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.HandwrittenTimeoutAnalyzer, AsyncKit.Analyzers.HandwrittenTimeoutFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class HandwrittenTimeoutTests
{
    private const string Template = """
        public sealed class C
        {
            private Task<int> _running = Task.FromResult(1);
            private static Task<int> LoadAsync() => Task.FromResult(1);
            private static void Log(object? value) { }
            public async Task<int> RunAsync(Task<int> task, TimeSpan limit, CancellationTokenSource source, bool flag, CancellationToken ct)
            {
                BODY
            }
        }
        """;

    [Fact]
    public Task A_timeout_by_hand_is_reported() => EachAsync(
        "if (await [|Task.WhenAny(task, Task.Delay(limit))|] != task) throw new TimeoutException(); return await task;",
        "if (task != await [|Task.WhenAny(Task.Delay(5000, ct), task)|].ConfigureAwait(false)) { throw new TimeoutException(\"late\"); } return task.Result;",
        "if (await [|Task.WhenAny(task, Task.Delay(limit))|] == task) { return await task; } throw new TimeoutException();",
        "if (await [|Task.WhenAny(task, Task.Delay(limit))|] == task) { return await task; } else { throw new TimeoutException(); }",
        "if (!(await [|Task.WhenAny(task, Task.Delay(limit))|] == task)) throw new TimeoutException(); return await task;",
        "return await [|Task.WhenAny(task, Task.Delay(limit))|] == task ? await task : throw new TimeoutException();",
        "var delay = Task.Delay(limit); if (await [|Task.WhenAny(task, delay)|] == delay) throw new TimeoutException(); return await task;",
        "var winner = await [|Task.WhenAny(task, Task.Delay(limit))|]; if (winner != task) throw new TimeoutException(); return await task;",
        "var loading = LoadAsync(); if (await [|Task.WhenAny(loading, Task.Delay(limit))|] != loading) { throw new TimeoutException(); } return await loading;");

    [Fact]
    public Task Another_race_is_not_reported() => EachAsync(
        "if (await Task.WhenAny(task, Task.Delay(limit)) != task) return 0; return await task;",
        "if (await Task.WhenAny(task, Task.Delay(limit)) != task) { source.Cancel(); throw new TimeoutException(); } return await task;",
        "if (await Task.WhenAny(task, Task.Delay(limit)) != task) { Log(task); } return await task;",
        "if (await Task.WhenAny(task, Task.Delay(limit)) == task) throw new TimeoutException(); return await task;",
        "if (await Task.WhenAny(task, Task.Delay(limit)) != task) throw new OperationCanceledException(); return await task;",
        "while (await Task.WhenAny(task, Task.Delay(limit)) != task) { Log(\"waiting\"); } return await task;",
        "if (await Task.WhenAny(task, LoadAsync()) != task) throw new TimeoutException(); return await task;",
        "if (await Task.WhenAny(LoadAsync(), Task.Delay(limit)) is Task<int> loaded) return await loaded; throw new TimeoutException();",
        "if (await Task.WhenAny(task, Task.Delay(limit), LoadAsync()) != task) throw new TimeoutException(); return await task;",
        "var done = flag ? await Task.WhenAny(task, Task.Delay(limit)) == task : throw new TimeoutException(); return await task;",
        "await Task.WhenAny(task, Task.Delay(limit)); return await task;",
        "return await task.WithTimeoutAsync(limit, ct);");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "if (await Task.WhenAny(_running, Task.Delay(limit)) != _running) throw new TimeoutException(); return await _running;",
        "Log(task); if (await Task.WhenAny(task, Task.Delay(limit)) != task) throw new TimeoutException(); return await task;",
        "_running = task; if (await Task.WhenAny(task, Task.Delay(limit)) != task) throw new TimeoutException(); return await task;",
        "_ = task.ContinueWith(t => t.Exception); if (await Task.WhenAny(task, Task.Delay(limit)) != task) throw new TimeoutException(); return 0;",
        "Action observe = () => task.Wait(); if (await Task.WhenAny(task, Task.Delay(limit)) != task) throw new TimeoutException(); observe(); return 0;",
        "try { if (await Task.WhenAny(task, Task.Delay(limit)) != task) throw new TimeoutException(); return 0; } finally { await task; }",
        "ArgumentNullException.ThrowIfNull(task); if (await [|Task.WhenAny(task, Task.Delay(limit))|] != task) throw new TimeoutException(); return await task;",
        "if (task.IsCompleted) { return await task; } if (await [|Task.WhenAny(task, Task.Delay(limit))|] != task) throw new TimeoutException(); return await task;",
        "var delay = Task.Delay(limit); delay = LoadAsync(); if (await Task.WhenAny(task, delay) != task) throw new TimeoutException(); return await task;",
        "var winner = await Task.WhenAny(task, Task.Delay(limit)); Log(winner); if (winner != task) throw new TimeoutException(); return await task;",
        "var winner = await Task.WhenAny(task, Task.Delay(limit)); source.Cancel(); return winner == task ? await task : throw new TimeoutException();",
        "if (flag && await Task.WhenAny(task, Task.Delay(limit)) != task) throw new TimeoutException(); return await task;",
        "if (await Task.WhenAny(task, Task.Delay(limit)) == task) { Log(1); } throw new TimeoutException();",
        "Func<Task<int>> f = async () => { var own = LoadAsync(); if (await [|Task.WhenAny(own, Task.Delay(limit))|] != own) throw new TimeoutException(); return await own; }; return await f();",
        "for (; ; ) { var own = LoadAsync(); if (await [|Task.WhenAny(own, Task.Delay(limit))|] != own) throw new TimeoutException(); if (await own > 1) return 1; }",
        "Task winner; winner = await Task.WhenAny(task, Task.Delay(limit)); if (winner != task) throw new TimeoutException(); return await task;",
        "dynamic d = task; if (await Task.WhenAny(d, Task.Delay(limit)) != task) throw new TimeoutException(); return 1;",
        "#if NEVER\nreturn 0;\n#else\nif (await [|Task.WhenAny(task, Task.Delay(limit))|] != task) throw new TimeoutException(); return await task;\n#endif");

    [Fact]
    public Task Top_level_statements_and_generic_methods_are_seen() => Verify.ReportsAsync(
        new HandwrittenTimeoutAnalyzer(),
        """
        var task = Task.Delay(1);
        if (await [|Task.WhenAny(task, Task.Delay(5))|] != task) throw new TimeoutException();
        await task;

        static class Extensions
        {
            public static async Task<T> OrTimeoutAsync<T>(this Task<T> task, int milliseconds)
            {
                if (await [|Task.WhenAny(task, Task.Delay(milliseconds))|].ConfigureAwait(false) == task)
                {
                    return await task.ConfigureAwait(false);
                }

                throw new TimeoutException();
            }
        }
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public Task The_race_and_the_await_are_merged() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task<int> OneAsync(Task<int> task, TimeSpan limit)
            {
                // Race.
                if (await {|AK0009:Task.WhenAny(task, Task.Delay(limit))|} != task) throw new TimeoutException(); // Too late.
                // Result.
                return await task; // Done.
            }

            public async Task TwoAsync(Task task, CancellationToken ct)
            {
                if (await {|AK0009:Task.WhenAny(task, Task.Delay(5000, ct))|}.ConfigureAwait(false) != task)
                {
                    throw new TimeoutException();
                }

                await task.ConfigureAwait(false);
            }

            public async Task<int> ThreeAsync(Task<int> task, int milliseconds)
            {
                if (await {|AK0009:Task.WhenAny(task, Task.Delay(milliseconds, CancellationToken.None))|} == task)
                {
                    return await task.ConfigureAwait(false);
                }

                throw new TimeoutException();
            }

            public async Task<int> FourAsync(Task<int> task, TimeSpan limit) =>
                await {|AK0009:Task.WhenAny(task, Task.Delay(limit * 2))|} == task ? await task : throw new TimeoutException();

            public async Task<int> FiveAsync(Task<int> task)
            {
                int result;
                if (!(await {|AK0009:Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1)), task)|} == task)) { throw new TimeoutException(); }
                result = await task;
                return result;
            }

            public async Task<int> SixAsync(Task<int> task)
            {
                switch (1)
                {
                    default:
                        if (await {|AK0009:Task.WhenAny(task, Task.Delay(1))|} != task) { throw new TimeoutException(); /* Late. */ }
                        var x = await task;
                        return x;
                }
            }

            public async Task<int> SevenAsync(Task<int> task)
            {
                if (await {|AK0009:Task.WhenAny(task, Task.Delay(1))|} != task) { throw new TimeoutException(); } else { return await task; }
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task<int> OneAsync(Task<int> task, TimeSpan limit)
            {
                // Race.
                // Too late.
                // Result.
                return await task.WithTimeoutAsync(limit); // Done.
            }

            public async Task TwoAsync(Task task, CancellationToken ct)
            {
                await task.WithTimeoutAsync(TimeSpan.FromMilliseconds(5000), ct).ConfigureAwait(false);
            }

            public async Task<int> ThreeAsync(Task<int> task, int milliseconds)
            {
                return await task.WithTimeoutAsync(TimeSpan.FromMilliseconds(milliseconds)).ConfigureAwait(false);
            }

            public async Task<int> FourAsync(Task<int> task, TimeSpan limit) =>
                await task.WithTimeoutAsync(limit * 2);

            public async Task<int> FiveAsync(Task<int> task)
            {
                int result;
                result = await task.WithTimeoutAsync(TimeSpan.FromSeconds(1));
                return result;
            }

            public async Task<int> SixAsync(Task<int> task)
            {
                switch (1)
                {
                    default:
                        /* Late. */
                        var x = await task.WithTimeoutAsync(TimeSpan.FromMilliseconds(1));
                        return x;
                }
            }

            public async Task<int> SevenAsync(Task<int> task)
            {
                return await task.WithTimeoutAsync(TimeSpan.FromMilliseconds(1));
            }
        }
        """);

    [Fact]
    public Task Three_documents_are_fixed_at_once() => Fix.FixesAsync(
        [.. new[] { "A", "B", "D" }.Select(name => $$"""
            public sealed class {{name}}
            {
                public static async Task<int> RunAsync(Task<int> task, TimeSpan limit)
                {
                    if (await {|AK0009:Task.WhenAny(task, Task.Delay(limit))|} != task) throw new TimeoutException();
                    return await task;
                }
            }
            """)],
        [.. new[] { "A", "B", "D" }.Select(name => $$"""
            using AsyncKit;

            public sealed class {{name}}
            {
                public static async Task<int> RunAsync(Task<int> task, TimeSpan limit)
                {
                    return await task.WithTimeoutAsync(limit);
                }
            }
            """)],
        usings: Code.WithoutImport);

    [Fact]
    public Task Shapes_that_would_change_have_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            public async Task<int> MessageAsync(Task<int> task)
            {
                if (await Task.WhenAny(task, Task.Delay(1)) != task) throw new TimeoutException("late");
                return await task;
            }

            public async Task<int> OtherTaskAsync(Task<int> task, Task<int> other)
            {
                if (await Task.WhenAny(task, Task.Delay(1)) != task) throw new TimeoutException();
                return await other;
            }

            public async Task UnobservedAsync(Task<int> task)
            {
                if (await Task.WhenAny(task, Task.Delay(1)) != task) throw new TimeoutException();
            }

            public async Task<int> LaterAsync(Task<int> task)
            {
                if (await Task.WhenAny(task, Task.Delay(1)) != task) throw new TimeoutException();
                Console.WriteLine("in time");
                return await task;
            }

            public async Task<int> ResultAsync(Task<int> task)
            {
                if (await Task.WhenAny(task, Task.Delay(1)) != task) throw new TimeoutException();
                return task.Result;
            }

            public async Task<int> TimerAsync(Task<int> task)
            {
                using var timer = new CancellationTokenSource();
                if (await Task.WhenAny(task, Task.Delay(1, timer.Token)) != task) throw new TimeoutException();
                return await task;
            }

            public async Task<int> ClockAsync(Task<int> task, TimeProvider clock)
            {
                if (await Task.WhenAny(task, Task.Delay(TimeSpan.Zero, clock)) != task) throw new TimeoutException();
                return await task;
            }

            public async Task<int> LocalAsync(Task<int> task)
            {
                var delay = Task.Delay(1);
                if (await Task.WhenAny(task, delay) == delay) throw new TimeoutException();
                return await task;
            }

            public async Task<int> DirectiveAsync(Task<int> task)
            {
                if (await Task.WhenAny(task, Task.Delay(1)) != task) throw new TimeoutException();
        #pragma warning disable CS1591
                return await task;
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new HandwrittenTimeoutAnalyzer(), Template, bodies);
}
