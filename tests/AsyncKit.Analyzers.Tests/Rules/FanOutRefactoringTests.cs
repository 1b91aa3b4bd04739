namespace AsyncKit.Analyzers.Tests;

public sealed class FanOutRefactoringTests
{
    private const string Template = """
        #pragma warning disable CS1998, CS8321
        public class C(IPages pages)
        {
            private int _count;
            private static ValueTask WorkAsync(Uri uri, CancellationToken token) => default;
            public async Task<object?> RunAsync(IEnumerable<Uri> uris, Uri[] array, StreamWriter writer, SemaphoreSlim s, AsyncLock mutex, CancellationToken ct, CancellationToken other)
            {
                List<string> found = []; HashSet<Uri> seen = []; int n = 0;
                BODY
                return null;
            }
        }
        """;

    [Fact]
    public async Task An_unsure_case_is_offered()
    {
        await ChangesAsync(
            "$$foreach (var uri in uris) { await pages.SendAsync(uri); }",
            "await uris.FanOutAsync(maxConcurrency: 8, async (uri, _) => await pages.SendAsync(uri));");
        await ChangesAsync(
            "fore$$ach (var uri in uris) { try { Console.WriteLine(await pages.GetPageAsync(uri, ct)); } catch (HttpRequestException) { throw; } }",
            "await uris.FanOutAsync(maxConcurrency: 8, async (uri, ct) => { try { Console.WriteLine(await pages.GetPageAsync(uri, ct)); } catch (HttpRequestException) { throw; } }, ct);");
        await ChangesAsync(
            "foreach$$ (var uri in array) { foreach (var x in array) { if (x == uri) { continue; } await pages.SendAsync(x); } found.Add(pages.Base); }",
            "found.AddRange(await array.FanOutAsync(maxConcurrency: 8, async (uri, _) => { foreach (var x in array) { if (x == uri) { continue; } await pages.SendAsync(x); } return pages.Base; }));");
        await ChangesAsync(
            "await Task.$$WhenAll(uris.Select(uri => pages.SendAsync(uri)));",
            "await uris.FanOutAsync(maxConcurrency: 8, (uri, _) => pages.SendAsync(uri));");
        await ChangesAsync(
            "await Task.$$WhenAll(uris.Chunk(10).First().Select(pages.SendAsync));",
            "await uris.Chunk(10).First().FanOutAsync(maxConcurrency: 8, (item, _) => pages.SendAsync(item));");
        await ChangesAsync(
            "await Parallel.$$ForEachAsync(uris, ct, WorkAsync);",
            "await uris.FanOutAsync(maxConcurrency: 8, WorkAsync, ct);");
    }

    [Fact]
    public async Task Code_that_would_be_wrong_or_has_a_diagnostic_is_not_offered()
    {
        foreach (var code in new[]
        {
            "$$foreach (var uri in uris) { found.Add(await pages.GetPageAsync(uri, ct)); }",
            "await Task.$$WhenAll(uris.Select(uri => pages.FetchAsync(uri)));",
            "await Parallel.$$ForEachAsync(uris, ct, async (uri, token) => await Web.SendAsync(uri, token));",
            "$$foreach (var uri in uris) { if (await pages.CheckAsync(uri)) { break; } }",
            "$$foreach (var uri in uris) { if (await pages.CheckAsync(uri)) { continue; } }",
            "$$foreach (var uri in uris) { if (await pages.CheckAsync(uri)) { return uri; } }",
            "await LocalAsync(); async Task LocalAsync() { $$foreach (var uri in uris) { if (await pages.CheckAsync(uri)) { return; } } }",
            "$$foreach (var uri in uris) { n += await pages.CountAsync(uri); }",
            "$$foreach (var uri in uris) { _count = await pages.CountAsync(uri); }",
            "$$foreach (var uri in uris) { if (seen.Add(uri)) { await pages.SendAsync(uri); } }",
            "$$foreach (var uri in uris) { found.Insert(0, await pages.GetPageAsync(uri)); }",
            "$$foreach (var uri in uris) { await writer.WriteAsync(uri.Host); }",
            "$$foreach (var uri in uris) { await pages.GetPageAsync(uri, ct); await pages.GetPageAsync(uri, other); }",
            "$$foreach (var uri in uris) { pages.Build(uri); }",
            "foreach (var uri in uris) { await $$pages.SendAsync(uri); }",
            "await Task.$$WhenAll(uris.Select(async uri => { await s.WaitAsync(ct); try { await pages.SendAsync(uri); } finally { s.Release(); } }));",
            "await Task.$$WhenAll(uris.Select(async uri => { using (await mutex.AcquireAsync(ct)) { await pages.SendAsync(uri); } }));",
            "await Task.$$WhenAll(uris.Select(async uri => { await pages.SendAsync(uri); n++; }));",
            "await Task.$$WhenAll(uris.Select(uri => Task.Run(() => pages.SendAsync(uri))));",
            "await Parallel.$$ForEachAsync(uris, new ParallelOptions { MaxDegreeOfParallelism = 2 }, WorkAsync);",
        })
        {
            await VerifyRefactoring.OffersNothingAsync(new FanOutRefactoring(), Template.Replace("BODY", code, StringComparison.Ordinal));
        }
    }

    private static Task ChangesAsync(string before, string after) => VerifyRefactoring.ChangesAsync(
        new FanOutRefactoring(),
        Template.Replace("BODY", before, StringComparison.Ordinal),
        Template.Replace("BODY", after, StringComparison.Ordinal));
}
