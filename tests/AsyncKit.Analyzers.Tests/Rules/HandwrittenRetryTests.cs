using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.HandwrittenRetryAnalyzer, AsyncKit.Analyzers.HandwrittenRetryFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class HandwrittenRetryTests
{
    private const string Template = """
        public sealed class C
        {
            private static Task<int> F(CancellationToken cancellationToken = default) => Task.FromResult(1);
            private static Task ReconnectAsync() => Task.CompletedTask;
            private static void Log(object value) { }
            public async Task<int> RunAsync(Uri[] uris, int limit, TimeSpan pause, bool flag, CancellationToken ct)
            {
                BODY
                return 0;
            }
        }
        """;

    [Fact]
    public Task A_retry_by_hand_is_reported() => EachAsync(
        "[|for|] (var attempt = 1; ; attempt++) { try { return await F(ct); } catch (HttpRequestException) when (attempt < 5) { await Task.Delay(1000, ct); } }",
        "[|for|] (var i = 0; i < 3; i++) { try { return await F(ct); } catch (HttpRequestException e) { Log(e); await Task.Delay(pause); } }",
        "[|for|] (int i = limit; i > 0; --i) try { await F(ct); break; } catch { await Task.Delay(pause); }",
        "var attempt = 0; [|while|] (true) { try { return await F(ct); } catch (IOException) when (++attempt < limit) { await Task.Delay(100 * attempt).ConfigureAwait(false); } }",
        "var attempt = 0; [|while|] (attempt < 3) { try { await F(ct); break; } catch (IOException) { attempt++; await Task.Delay(1); } }",
        "[|while|] (limit-- > 0) { try { await F(ct); break; } catch (IOException) { await Task.Delay(1); } }",
        "[|for|] (var i = 1; ; i++) { try { return await F(ct); } catch (IOException e) when (i <= 3 && e.HResult != 0) { await Task.Delay(1); } catch (FormatException) { return 0; } }",
        "[|for|] (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { if (i == 2) { throw; } await Task.Delay(1); } finally { Log(i); } }");

    [Fact]
    public Task Another_loop_is_not_reported() => EachAsync(
        "foreach (var i in new[] { 1, 2, 3 }) { try { return await F(ct); } catch (IOException) { await Task.Delay(i); } }",
        "while (!ct.IsCancellationRequested) { try { await F(ct); } catch (IOException) { await Task.Delay(1000, ct); } }",
        "while (true) { try { return await F(ct); } catch (IOException) { await Task.Delay(1000, ct); } }",
        "for (var i = 0; i < 3; i++) { if (await F(ct) == 1) { return 1; } await Task.Delay(1); }",
        "for (var i = 0; i < 3; i++) { try { await F(ct); } catch (IOException) { await Task.Delay(1); } }",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { Log(i); } }",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { await Task.Delay(1); break; } }",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { await Task.Delay(1); return 0; } }",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { await Task.Delay(1); throw; } }",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { await ReconnectAsync(); await Task.Delay(1); } }",
        "for (var i = 0; i < 3; i++) { Log(i); try { return await F(ct); } catch (IOException) { await Task.Delay(1); } }",
        "do { try { return await F(ct); } catch (IOException) { await Task.Delay(1); } } while (limit-- > 0);",
        "return await Retry.RunAsync(token => F(token), cancellationToken: ct);");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "for (var i = 0; i < uris.Length; i++) { try { return await Web.CountAsync(uris[i], ct); } catch (HttpRequestException) { await Task.Delay(1); } }",
        "for (var i = 0; i < 3; i++) { try { limit = i; return await F(ct); } catch (IOException) { await Task.Delay(1); } }",
        "[|for|] (var i = 0; i < 3; i++) { try { Log(i); return await F(ct); } catch (IOException) { await Task.Delay(1); } }",
        "while (flag) { try { return await F(ct); } catch (IOException) { await Task.Delay(1); } }",
        "for (; ; ) { try { return await F(ct); } catch (IOException) when (limit < 5) { await Task.Delay(1); } }",
        "for (; ; ) { try { return await F(ct); } catch (IOException) when (flag) { await Task.Delay(1); } }",
        "[|while|] (limit < 5) { try { return await F(ct); } catch (IOException) { limit += 1; await Task.Delay(1); } }",
        "[|for|] (var i = 0; i < 3; i++) { try { switch (await F(ct)) { case 1: break; } return 1; } catch (IOException) { await Task.Delay(1); } }",
        "while (true) { for (var i = 0; i < 3; i++) { try { await F(ct); continue; } catch (IOException) { await Task.Delay(1); } } }",
        "for (var i = 0; i < 3; i++) { try { while (true) { await F(ct); break; } } catch (IOException) { await Task.Delay(1); } }",
        "Func<Task<int>> f = async () => { [|for|] (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { await Task.Delay(1); } } throw new IOException(); }; await f();",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { Func<Task> later = async () => await Task.Delay(1); await later(); } }",
        "for (var i = 0; i < 3; i++) { try { return await F(ct); } catch (IOException) { _ = Task.Delay(1); } }",
        "[|for|] (long i = 0; i < 3L; i++) { try { await using var s = Stream.Null; return await F(ct); } catch (IOException) { await Task.Delay(1); } }");

    [Fact]
    public Task Top_level_statements_are_seen() => Verify.ReportsAsync(
        new HandwrittenRetryAnalyzer(),
        "[|for|] (var i = 0; i < 3; i++) { try { await Task.Yield(); break; } catch (IOException) { await Task.Delay(1); } }",
        OutputKind.ConsoleApplication);

    [Fact]
    public Task The_loop_becomes_a_retry() => Fix.FixesAsync(
        """
        public sealed class C
        {
            private const int MaxAttempts = 3;
            private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
            private static Task<int> F(CancellationToken cancellationToken = default) => Task.FromResult(1);
            private static Task<string> G(int x) => Task.FromResult("");

            public async Task<int> OneAsync(CancellationToken ct)
            {
                // Retry.
                {|AK0010:for|} (var attempt = 1; ; attempt++) { try { return await F(ct); } catch (HttpRequestException) when (attempt < 5) { await Task.Delay(1000, ct); } } // Done.
            }

            public async Task<int> TwoAsync(CancellationToken stop)
            {
                {|AK0010:for|} (int i = 1; true; ++i)
                {
                    try
                    {
                        // First.
                        var x = await F(stop).ConfigureAwait(false);
                        if (x == 0)
                        {
                            return 1;
                        }

                        return x + 1; // Next.
                    }
                    catch (HttpRequestException e) when (i <= MaxAttempts - 1 && e.StatusCode == null)
                    {
                        // Wait.
                        await Task.Delay(Pause).ConfigureAwait(false);
                    }
                }
            }

            public async Task ThreeAsync(CancellationToken cancellationToken)
            {
                string text;
                {|AK0010:for|} (var i = 0; ; i++)
                {
                    try
                    {
                        text = await G(1);
                        break; // Enough.
                    }
                    catch (IOException) when (3 > i)
                    {
                        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
                    }
                }

                Console.WriteLine(text);
                {|AK0010:for|} (var i = 1; ; i++)
                {
                    try { await F(); break; } catch (Exception e) when (e is not OperationCanceledException && i < MaxAttempts) { await Task.Delay(10); }
                }
            }

            public async Task<int> FourAsync(CancellationToken ct, CancellationToken other, bool flag)
            {
                if (flag)
                    {|AK0010:for|} (var i = 1; ; i++) { try { return await F(other); } catch (IOException exception) when (exception.HResult > 0 && i < 2) { await Task.Delay(1, ct); } }
                return 0;
            }
        }
        """,
        """
        public sealed class C
        {
            private const int MaxAttempts = 3;
            private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
            private static Task<int> F(CancellationToken cancellationToken = default) => Task.FromResult(1);
            private static Task<string> G(int x) => Task.FromResult("");

            public async Task<int> OneAsync(CancellationToken ct)
            {
                // Retry.
                return await Retry.RunAsync(async ct => await F(ct), new RetryOptions { MaxAttempts = 5, ShouldRetry = exception => exception is HttpRequestException, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(1000)) }, ct); // Done.
            }

            public async Task<int> TwoAsync(CancellationToken stop)
            {
                // Wait.
                return await Retry.RunAsync(async stop =>
                {
                    // First.
                    var x = await F(stop).ConfigureAwait(false);
                    if (x == 0)
                    {
                        return 1;
                    }

                    return x + 1; // Next.
                }, new RetryOptions { MaxAttempts = 3, ShouldRetry = exception => exception is HttpRequestException e && e.StatusCode == null, Backoff = Backoff.Constant(Pause) }, stop).ConfigureAwait(false);
            }

            public async Task ThreeAsync(CancellationToken cancellationToken)
            {
                string text;
                // Enough.
                text = await Retry.RunAsync(async _ => await G(1), new RetryOptions { MaxAttempts = 4, ShouldRetry = exception => exception is IOException, Backoff = Backoff.Constant(TimeSpan.FromSeconds(2)) }, cancellationToken);

                Console.WriteLine(text);
                await Retry.RunAsync(async cancellationToken => await F(cancellationToken), new RetryOptions { MaxAttempts = MaxAttempts, ShouldRetry = e => e is not OperationCanceledException, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(10)) });
            }

            public async Task<int> FourAsync(CancellationToken ct, CancellationToken other, bool flag)
            {
                if (flag)
                    return await Retry.RunAsync(async _ => await F(other), new RetryOptions { MaxAttempts = 2, ShouldRetry = failure => failure is IOException exception && exception.HResult > 0, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(1)) }, ct);
                return 0;
            }
        }
        """);

    [Fact]
    public Task Three_documents_are_fixed_at_once() => Fix.FixesAsync(
        [.. new[] { "A", "B", "D" }.Select(name => $$"""
            public sealed class {{name}}
            {
                public static async Task<string> RunAsync(Uri uri)
                {
                    {|AK0010:for|} (var i = 1; ; i++)
                    {
                        try
                        {
                            return await Web.GetAsync(uri);
                        }
                        catch (HttpRequestException) when (i < 3)
                        {
                            await Task.Delay(100);
                        }
                    }
                }
            }
            """)],
        [.. new[] { "A", "B", "D" }.Select(name => $$"""
            using AsyncKit;

            public sealed class {{name}}
            {
                public static async Task<string> RunAsync(Uri uri)
                {
                    return await Retry.RunAsync(async cancellationToken => await Web.GetAsync(uri, cancellationToken), new RetryOptions { MaxAttempts = 3, ShouldRetry = exception => exception is HttpRequestException, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(100)) });
                }
            }
            """)],
        usings: Code.WithoutImport);

    [Fact]
    public Task Loops_that_do_more_have_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            private static Task<int> F(CancellationToken cancellationToken = default) => Task.FromResult(1);

            public async Task<int> CancelAsync(CancellationToken ct)
            {
                for (var i = 1; ; i++) { try { return await F(ct); } catch (Exception) when (i < 5) { await Task.Delay(1, ct); } }
            }

            public async Task<int> CancelAsync()
            {
                for (var i = 1; ; i++) { try { return await F(); } catch (TaskCanceledException) when (i < 5) { await Task.Delay(1); } }
            }

            public async Task<int> OtherConditionAsync()
            {
                for (var i = 1; ; i++) { try { return await F(); } catch (Exception e) when (i < 5 && e is not FormatException) { await Task.Delay(1); } }
            }

            public async Task<int> AnyAsync()
            {
                for (var i = 1; ; i++) { try { return await F(); } catch when (i < 5) { await Task.Delay(1); } }
            }

            public async Task<int> GrowingAsync()
            {
                for (var i = 1; ; i++) { try { return await F(); } catch (IOException) when (i < 5) { await Task.Delay(i * 100); } }
            }

            public async Task<int> GrowingLocalAsync(int pause)
            {
                for (var i = 1; ; i++) { try { pause *= 2; return await F(); } catch (IOException) when (i < 5) { await Task.Delay(pause); } }
            }

            private int _pause = 1;
            public async Task<int> ChangingFieldAsync()
            {
                for (var i = 1; ; i++) { try { return await F(); } catch (IOException) when (i < 5) { await Task.Delay(_pause); } }
            }

            public async Task<int> SwallowingAsync()
            {
                for (var i = 0; i < 5; i++) { try { return await F(); } catch (IOException) { await Task.Delay(1); } }
                return 0;
            }

            public async Task<int> UnknownAsync(int limit)
            {
                for (var i = 1; ; i++) { try { return await F(); } catch (IOException) when (i < limit) { await Task.Delay(1); } }
            }

            public async Task<int> FinallyAsync()
            {
                for (var i = 1; ; i++) { try { return await F(); } catch (IOException) when (i < 5) { await Task.Delay(1); } finally { Console.WriteLine(); } }
            }

            public async Task<int> LoggingAsync()
            {
                for (var i = 1; ; i++) { try { Console.WriteLine(i); return await F(); } catch (IOException) when (i < 5) { Console.WriteLine(); await Task.Delay(1); } }
            }

            public async Task<int> LeavingAsync()
            {
                for (var i = 1; ; i++) { try { if (await F() == 0) { return 1; } break; } catch (IOException) when (i < 5) { await Task.Delay(1); } }
                return 0;
            }

            public async Task<int> ContinuingAsync()
            {
                for (var i = 1; ; i++) { try { if (await F() == 0) { continue; } return 1; } catch (IOException) when (i < 5) { await Task.Delay(1); } }
            }

            public async Task<int> SynchronousAsync()
            {
                for (var i = 1; ; i++) { try { return int.Parse("1"); } catch (IOException) when (i < 5) { await Task.Delay(1); } }
            }

            public async Task<int> WhileAsync()
            {
                var i = 0;
                while (true) { try { return await F(); } catch (IOException) when (i++ < 5) { await Task.Delay(1); } }
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new HandwrittenRetryAnalyzer(), Template, bodies);
}
