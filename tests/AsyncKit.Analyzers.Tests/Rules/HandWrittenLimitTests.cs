using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.HandWrittenLimitAnalyzer, AsyncKit.Analyzers.HandWrittenLimitFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class HandWrittenLimitTests
{
    private const string Template = """
        #pragma warning disable CS1998, CS8321, CS0414, CS0649, CS0169, CS4014
        public class C(HttpClient client, SemaphoreSlim shared, int max)
        {
            private readonly SemaphoreSlim _field = new(4);
            private const int Limit = 4;
            private int Max { get; set; }
            private static Task<string> F(Uri uri, CancellationToken ct = default) => Task.FromResult("");
            private static int Compute() => 4;
            public async Task<object?> RunAsync(IEnumerable<Uri> uris, SemaphoreSlim parameter, int n, CancellationToken ct, CancellationToken other)
            {
                List<string> found = [];
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public Task A_semaphore_that_limits_the_tasks_is_reported() => EachAsync(
        "using var s = new SemaphoreSlim(10); await [|Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { return await F(uri, ct); } finally { s.Release(); } }))|];",
        "var s = new SemaphoreSlim(n, n); await [|Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(); try { await F(uri); } finally { s.Release(); } }).ToList())|]; s.Dispose();",
        "var s = new SemaphoreSlim(initialCount: Limit, maxCount: Limit); var tasks = uris.Select(async uri => { await s.WaitAsync(ct).ConfigureAwait(false); try { return await F(uri, ct); } finally { s.Release(); } }); return await [|Task.WhenAll(tasks)|].ConfigureAwait(false);",
        "SemaphoreSlim s = new(Math.Min(n, 8)); var tasks = uris.Select(async uri => { await s.WaitAsync(ct); try { return await F(uri, ct); } finally { s.Release(); } }).ToArray(); var texts = await [|Task.WhenAll(tasks)|];",
        "using (var s = new SemaphoreSlim(max)) { await [|Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await client.PostAsync(uri, null, ct); } finally { s.Release(); } }))|]; }",
        "var s = new SemaphoreSlim(Max * 2); await [|Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } catch (FormatException) { } finally { s.Release(); } }))|];",
        "var s = new SemaphoreSlim(1); await [|Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { found.Add(await F(uri)); } finally { s.Release(); } }))|];",
        "async Task LocalAsync() { var s = new SemaphoreSlim(4); await [|Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(); try { await F(uri); } finally { s.Release(); } }))|]; }");

    [Fact]
    public Task Another_use_of_a_semaphore_is_not_reported() => EachAsync(
        "await Task.WhenAll(uris.Select(async uri => { await _field.WaitAsync(ct); try { await F(uri); } finally { _field.Release(); } }));",
        "await Task.WhenAll(uris.Select(async uri => { await shared.WaitAsync(ct); try { await F(uri); } finally { shared.Release(); } }));",
        "await Task.WhenAll(uris.Select(async uri => { await parameter.WaitAsync(ct); try { await F(uri); } finally { parameter.Release(); } }));",
        "var s = shared; await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { Console.WriteLine(uri); await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } Console.WriteLine(uri); }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); Console.WriteLine(uri); } }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); await F(uri); s.Release(); }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(1000); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); Console.WriteLine(s.CurrentCount); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); await s.WaitAsync(ct); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); var o = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { o.Release(); } }));",
        "var s = new SemaphoreSlim(0, 4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(0); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(Compute()); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(n); n = 5; await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); var all = Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } })); await all;",
        "var s = new SemaphoreSlim(4); var tasks = uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }).ToList(); Console.WriteLine(); await Task.WhenAll(tasks);",
        "var s = new SemaphoreSlim(4); var tasks = uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }).ToList(); await Task.WhenAll(tasks); Console.WriteLine(tasks.Count);",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { found.Add(await F(uri)); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); Func<Task> f = async () => await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } })); await f();",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async (uri, i) => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri, other); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); await Task.WhenAny(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } }));",
        "var s = new SemaphoreSlim(4); try { await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await F(uri); } finally { s.Release(); } })); } finally { s.Dispose(); }");

    [Fact]
    public async Task The_message_names_the_semaphore() => Assert.Equal(
        ["Task.WhenAll creates a task for every item although 'throttle' limits them; 'FanOutAsync' takes the limit itself"],
        await Verify.MessagesAsync(new HandWrittenLimitAnalyzer(), Template.Replace(
            "BODY",
            "var throttle = new SemaphoreSlim(4); await Task.WhenAll(uris.Select(async uri => { await throttle.WaitAsync(ct); try { await F(uri); } finally { throttle.Release(); } }));",
            StringComparison.Ordinal)));

    [Fact]
    public Task The_fan_out_takes_the_limit() => Fix.FixesEverywhereAsync(
        """
        public sealed class C(HttpClient client)
        {
            private static Task<string> F(Uri uri, CancellationToken ct) => Task.FromResult("");
            public async Task<string[]> RunAsync(IEnumerable<Uri> uris, int limit, CancellationToken ct)
            {
                using var s = new SemaphoreSlim(10); await {|AK0003:Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { return await F(uri, ct); } finally { s.Release(); } }))|};

                // The server allows ten.
                var throttle = new SemaphoreSlim(10, 10); // Ten.

                // Start.
                var tasks = uris.Select(async uri =>
                {
                    await throttle.WaitAsync(ct);
                    try
                    {
                        // Load.
                        var text = await client.GetStringAsync(uri); // One.

                        if (text.Length == 0)
                        {
                            throw new FormatException();
                        }

                        return text;
                    }
                    finally
                    {
                        throttle.Release(); // Let the next one in.
                    }
                });
                var texts = await {|AK0003:Task.WhenAll(tasks)|}; // Wait.

                // Free it.
                throttle.Dispose();
                using (var gate = new SemaphoreSlim(limit))
                {
                    await {|AK0003:Task.WhenAll(
                        texts.Select(
                            async text =>
                            {
                                await gate.WaitAsync();
                                try { await client.GetStringAsync(text); }
                                finally { gate.Release(); }
                            }))|};
                }

                var last = new SemaphoreSlim(limit);
                return await {|AK0003:Task.WhenAll(uris.Select(async uri =>
                {
                    await last.WaitAsync(ct).ConfigureAwait(false);
                    try
                    {
                        return await F(uri, ct);
                    }
                    catch (FormatException)
                    {
                        return "";
                    }
                    finally
                    {
                        last.Release();
                    }
                }).ToList())|}.ConfigureAwait(false);
            }
        }
        """,
        """
        public sealed class C(HttpClient client)
        {
            private static Task<string> F(Uri uri, CancellationToken ct) => Task.FromResult("");
            public async Task<string[]> RunAsync(IEnumerable<Uri> uris, int limit, CancellationToken ct)
            {
                await uris.FanOutAsync(maxConcurrency: 10, async (uri, ct) => { return await F(uri, ct); }, ct);

                // The server allows ten.
                // Ten.

                // Start.
                // Let the next one in.
                var texts = await uris.FanOutAsync(maxConcurrency: 10, async (uri, ct) =>
                {
                    // Load.
                    var text = await client.GetStringAsync(uri, ct); // One.

                    if (text.Length == 0)
                    {
                        throw new FormatException();
                    }

                    return text;
                }, ct); // Wait.

                // Free it.
                {
                    await texts.FanOutAsync(maxConcurrency: limit, async (text, ct) =>
                    {
                        await client.GetStringAsync(text, ct);
                    });
                }

                return await uris.FanOutAsync(maxConcurrency: limit, async (uri, ct) =>
                {
                    try
                    {
                        return await F(uri, ct);
                    }
                    catch (FormatException)
                    {
                        return "";
                    }
                }, ct).ConfigureAwait(false);
            }
        }
        """);

    [Fact]
    public Task Top_level_statements_and_a_missing_using_are_fixed() => Fix.FixesProgramAsync(
        """
        // Licensed.

        // The program.
        using System;
        using System.Linq;
        using System.Net.Http;
        using System.Threading;
        using System.Threading.Tasks;

        using var client = new HttpClient();
        var s = new SemaphoreSlim(4); // Four.
        await {|AK0003:Task.WhenAll(args.Select(async address =>
        {
            await s.WaitAsync();
            try
            {
                await client.GetStringAsync(address);
            }
            finally
            {
                s.Release();
            }
        }))|};
        s.Dispose();
        Console.WriteLine();
        """,
        """
        // Licensed.

        // The program.
        using System;
        using System.Linq;
        using System.Net.Http;
        using System.Threading;
        using System.Threading.Tasks;
        using AsyncKit;

        using var client = new HttpClient();
        // Four.
        await args.FanOutAsync(maxConcurrency: 4, async (address, cancellationToken) =>
        {
            await client.GetStringAsync(address, cancellationToken);
        });
        Console.WriteLine();
        """);

    [Fact]
    public Task A_user_interface_is_not_reported() => Verify.ReportsAsync(new HandWrittenLimitAnalyzer(), """
        namespace System.Windows.Forms { public class Form; }
        namespace App
        {
            public class Main : System.Windows.Forms.Form
            {
                public async Task LoadAsync(IEnumerable<Uri> uris)
                {
                    var s = new SemaphoreSlim(4);
                    await Task.WhenAll(uris.Select(async uri => { await s.WaitAsync(); try { await Web.GetAsync(uri); } finally { s.Release(); } }));
                }
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new HandWrittenLimitAnalyzer(), Template, bodies);
}
