using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    Microsoft.CodeAnalysis.Testing.EmptyDiagnosticAnalyzer, AsyncKit.Analyzers.OneParameterLambdaFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class OneParameterLambdaTests
{
    [Fact]
    public Task The_token_is_added_and_passed_on() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, IAsyncEnumerable<Uri> stream)
            {
                var pages = await uris.FanOutAsync(8, uri {|CS1593:=>|} Web.GetAsync(uri)); // Pages.
                await stream.FanOutAsync(8, async uri {|CS1593:=>|} await Web.SizeAsync(uri));
                await uris.FanOutAsync(8, async uri {|CS1593:=>|}
                {
                    // Twice.
                    await Web.SendAsync(uri);
                    await Web.SendAsync(uri);
                });
                await uris.FanOutAsync(8, (uri) {|CS1593:=>|} Web.PlainAsync(uri));
                await uris.FanOutAsync(8, (Uri uri) {|CS1593:=>|} Web.GetAsync(uri));
                await uris.PerWorker(t => Task.FromResult(1)).FanOutAsync(8, (worker, uri) {|CS1593:=>|} Web.SendAsync(uri));
                await foreach (var page in uris.{|CS0411:FanOutStream|}(8, uri => Web.GetAsync(uri))) { }
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, IAsyncEnumerable<Uri> stream)
            {
                var pages = await uris.FanOutAsync(8, (uri, cancellationToken) => Web.GetAsync(uri, cancellationToken)); // Pages.
                await stream.FanOutAsync(8, async (uri, cancellationToken) => await Web.SizeAsync(uri, cancellationToken));
                await uris.FanOutAsync(8, async (uri, cancellationToken) =>
                {
                    // Twice.
                    await Web.SendAsync(uri, cancellationToken);
                    await Web.SendAsync(uri, cancellationToken);
                });
                await uris.FanOutAsync(8, (uri, _) => Web.PlainAsync(uri));
                await uris.FanOutAsync(8, (Uri uri, CancellationToken cancellationToken) => Web.GetAsync(uri, cancellationToken));
                await uris.PerWorker(t => Task.FromResult(1)).FanOutAsync(8, (worker, uri, cancellationToken) => Web.SendAsync(uri, cancellationToken));
                await foreach (var page in uris.FanOutStream(8, (uri, cancellationToken) => Web.GetAsync(uri, cancellationToken))) { }
            }
        }
        """);

    [Fact]
    public Task The_token_of_the_method_becomes_that_of_the_call() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await uris.FanOutAsync(8, uri {|CS1593:=>|} Web.GetAsync(uri, ct));
                await uris.FanOutAsync(8, uri {|CS1593:=>|} Web.GetAsync(uri), ct);
            }
        }
        """,
        """
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris, CancellationToken ct)
            {
                await uris.FanOutAsync(8, (uri, ct) => Web.GetAsync(uri, ct), ct);
                await uris.FanOutAsync(8, (uri, ct) => Web.GetAsync(uri, ct), ct);
            }
        }
        """);

    [Fact]
    public Task Another_error_has_no_fix() => Fix.OffersNothingForErrorsAsync("""
        public sealed class C
        {
            public async Task RunAsync(Uri[] uris)
            {
                Func<int, int, int> f = a => a;
                await uris.FanOutAsync(8, () => Task.CompletedTask);
                await uris.FanOutAsync(8, (a, b, c) => Task.CompletedTask);
                uris.Select<Uri, int>();
            }

            private async Task MissingAsync(Uri[] uris) => await uris.FanOutAsync(8, uri => 5);
        }
        """);
}
