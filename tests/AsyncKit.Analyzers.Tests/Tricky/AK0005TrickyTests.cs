using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0005TrickyTests() : TrickyTests("AK0005")
{
    [Fact]
    public Task Named_arguments_in_another_order_are_the_same_call() => FixesAsync(InMethod("""
        await uris.FanOutAsync(operation: async (u, token) => await Web.GetAsync(u, [|ct|]), cancellationToken: ct, maxConcurrency: 8);
        """));

    [Fact]
    public Task An_extension_called_statically_is_the_same_call() => FixesAsync(InMethod("""
        await FanOut.FanOutAsync(uris, 8, (u, token) => Web.GetAsync(u, [|ct|]), ct);
        """));

    [Fact]
    public Task An_imported_static_method_is_an_operation_too() => FixesAsync("""
        using static AsyncKit.Deadline;
        public class Sample
        {
            public async Task<string> LoadAsync(Uri uri, CancellationToken ct) =>
                await RunAsync(async token => await Web.GetAsync(uri, [|ct|]), TimeSpan.FromSeconds(1), ct);
        }
        """);

    [Fact]
    public Task The_token_of_the_outer_operation_is_an_outer_token_of_the_inner_one() => FixesAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, outer) =>
        {
            await uris.FanOutAsync(4, async (link, inner) => await Web.GetAsync(link, [|outer|]), outer);
        }, ct);
        """));

    [Fact]
    public Task A_field_is_a_token_declared_outside() => FixesAsync("""
        public class Sample
        {
            private readonly CancellationToken _stopping;
            public Sample(CancellationToken stopping) => _stopping = stopping;
            public Task RunAsync(Uri[] uris) => uris.FanOutAsync(8, (u, token) => Web.SendAsync(u, [|_stopping|]), _stopping);
        }
        """);

    [Fact]
    public Task A_parameter_of_a_primary_constructor_is_a_token_declared_outside() => FixesAsync("""
        public partial class Sample<T>(CancellationToken stopping) where T : IEnumerable<Uri>
        {
            public async Task RunAsync(T uris) => await uris.FanOutAsync(8, (Uri u, CancellationToken _) => Web.SendAsync(u, [|stopping|]), stopping);
        }
        """);

    [Fact]
    public Task Options_in_a_local_give_their_token() => FixesAsync(InMethod("""
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct };
        await Parallel.ForEachAsync(uris, options, async (u, token) =>
        {
        #if DEBUG
            Console.WriteLine(u);
        #endif
            await Web.SendAsync(u, [|ct|]).ConfigureAwait(false);
        });
        """));

    [Fact]
    public Task A_call_without_a_token_and_an_unused_parameter_are_a_forgotten_token() => FixesAsync(InMethod("""
        await uris.FanOutAsync(new FanOutOptions(8) { Name = nameof(ct) }, async delegate (Uri u, CancellationToken token)
        {
            await Web.SendAsync(u, [|ct|]);
        });
        """));

    [Fact]
    public Task A_discarded_parameter_gets_the_name_of_the_outer_token() => FixesAsync(InMethod("""
        await using var scope = TaskScope.Open(cancellationToken: ct);
        scope.Run(async _ => await Web.SendAsync(uri, [|ct|]));
        await scope.JoinAsync();
        """));

    [Fact]
    public Task An_await_foreach_takes_the_token_in_both_ways() => FixesAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            await foreach (var line in Web.LinesAsync(u, [|ct|]))
            {
                Console.WriteLine(line);
            }

            await foreach (var line in Web.LinesAsync(u).WithCancellation([|ct|]).ConfigureAwait(false))
            {
                Console.WriteLine(line);
            }
        }, ct);
        """));

    [Fact]
    public Task Conditional_access_and_null_forgiveness_hide_no_argument() => FixesAsync(InMethod("""
        HttpClient? client = uris.Count > 0 ? new HttpClient() : null;
        await uris.FanOutAsync(8, async (u, token) => (await client?.GetStringAsync(u, [|ct|])!).Trim(), ct);
        """));

    [Fact]
    public Task A_worker_before_the_item_changes_nothing() => FixesAsync(InMethod("""
        await uris.PerWorker(_ => new ValueTask<HttpClient>(new HttpClient()))
            .FanOutReportAsync(8, async (client, u, token) => await client.GetStringAsync(u, [|ct|]), ct);
        """));

    [Fact]
    public Task Top_level_statements_have_operations_too() => FixesAsync("""
        using var source = new CancellationTokenSource();
        var token = source.Token;
        var uris = new Uri[] { new("http://a/"), new("http://b/") };
        await uris.FanOutAsync(8, async (u, own) => { await Web.SendAsync(u, [|token|]); }, token);
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_parameter_that_shadows_the_outer_token_is_the_operations_own() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, ct) => await Web.GetAsync(u, ct), ct);
        await uris.FanOutAsync(8, async (u, token) =>
        {
            Func<CancellationToken, Task> send = ct => Web.SendAsync(u, ct);
            await send(token);
            static Task Local(Uri u, CancellationToken ct) => Web.SendAsync(u, ct);
            await Local(u, token);
        }, ct);
        """));

    [Fact]
    public Task A_linked_source_observes_both() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, token);
            await Web.GetAsync(u, linked.Token);
        }, ct);
        """));

    [Fact]
    public Task Members_of_the_token_are_questions() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            try
            {
                ct.ThrowIfCancellationRequested();
                using var registration = ct.Register(() => Console.WriteLine(u));
                await Web.SendAsync(u, token);
            }
            catch (OperationCanceledException e) when (ct.IsCancellationRequested && e.CancellationToken == ct && !token.Equals(ct))
            {
                Console.WriteLine(nameof(ct));
            }
        }, ct);
        """));

    [Fact]
    public Task A_token_that_reports_who_cancelled_cancels_nothing() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            await Web.SendAsync(u, token);
            if (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException("stopped", ct);
            }

            Console.WriteLine(ct);
            Console.WriteLine(string.Format("{0} {1}", u, ct));
        }, ct);
        """));

    [Fact]
    public Task A_tuple_element_is_no_argument() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            var pair = (Uri: u, Token: ct);
            var (a, b) = (ct, token);
            CancellationToken[] all = [a, ct, b];
            await Web.SendAsync(pair.Uri, token);
        }, ct);
        """));

    [Fact]
    public Task A_call_that_gets_both_tokens_chooses_itself() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) => await BothAsync(u, ct, token), ct);
        static Task BothAsync(Uri u, CancellationToken stop, CancellationToken token) => Web.SendAsync(u, stop.IsCancellationRequested ? stop : token);
        """));

    [Fact]
    public Task Another_token_is_there_on_purpose() => SilentAsync("""
        public class Sample(CancellationToken shutdown)
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, shutdown), ct);
                await uris.FanOutAsync(8, async (u, token) => await Web.GetAsync(u, ct), CancellationToken.None);
                await uris.FanOutAsync(8, async (u, token) => { await Web.GetAsync(u, ct); await Web.SendAsync(u, token); });
            }
        }
        """);

    [Fact]
    public Task An_expression_tree_is_data() => SilentAsync(InMethod("""
        await uris.FanOutAsync(8, async (u, token) =>
        {
            System.Linq.Expressions.Expression<Func<Uri, Task<string>>> query = x => Web.GetAsync(x, ct);
            Console.WriteLine(query);
            await Web.SendAsync(u, token);
        }, ct);
        """));

    [Fact]
    public Task A_lambda_that_is_no_operation_has_no_token() => SilentAsync(InMethod("""
        await Retry.RunAsync(
            async token => await Web.GetAsync(uri, token),
            new() { ShouldRetry = _ => Web.Read(uri, ct) > 0, OnRetry = _ => Web.Read(uri, ct) },
            ct);
        Parallel.ForEach(uris, new ParallelOptions { CancellationToken = ct }, (u, state) => Web.Read(u, ct));
        Parallel.For(0, 9, i => Web.Read(uris[i], ct));
        """));

    [Fact]
    public Task A_method_of_the_same_name_is_not_ours() => SilentAsync("""
        namespace Other
        {
            public static class Mine
            {
                public static Task FanOutAsync(this IEnumerable<Uri> uris, int limit, Func<Uri, CancellationToken, Task> operation, CancellationToken ct) => Task.CompletedTask;
            }

            public class Sample
            {
                public Task RunAsync(List<Uri> uris, CancellationToken ct) => Mine.FanOutAsync(uris, 8, (u, token) => Web.SendAsync(u, ct), ct);
            }
        }
        """);

    [Fact]
    public Task A_local_made_of_the_operations_token_is_its_own() => SilentAsync(InMethod("""
        await Deadline.RunAsync(async token =>
        {
            CancellationToken own = token;
            if (uris is [var first, ..] && token is { CanBeCanceled: true } inner)
            {
                await Web.SendAsync(first, inner);
            }

            await Web.SendAsync(uri, own);
        }, TimeSpan.FromSeconds(1), ct);
        """));
}
