using Microsoft.CodeAnalysis;
using Fix = AsyncKit.Analyzers.Tests.VerifyFix<
    AsyncKit.Analyzers.BufferedDownloadAnalyzer, AsyncKit.Analyzers.BufferedDownloadFix>;

namespace AsyncKit.Analyzers.Tests;

public sealed class BufferedDownloadTests
{
    private const string Template = """
        public sealed class C
        {
            private static byte[] Change(byte[] bytes) => bytes;
            public async Task RunAsync(HttpClient client, Uri uri, string address, string path, CancellationToken ct)
            {
                BODY
            }
        }
        """;

    [Fact]
    public Task A_response_that_goes_to_a_file_is_reported() => EachAsync(
        "await File.WriteAllBytesAsync(path, await [|client.GetByteArrayAsync|](address));",
        "File.WriteAllBytes(path, await [|client.GetByteArrayAsync|](uri, ct).ConfigureAwait(false));",
        "var bytes = await [|client.GetByteArrayAsync|](uri); await File.WriteAllBytesAsync(path, bytes, ct);",
        "byte[] bytes = await [|client.GetByteArrayAsync|](uri, ct); File.WriteAllBytes(path, bytes);",
        "Func<Task> f = async () => await File.WriteAllBytesAsync(path, await [|client.GetByteArrayAsync|](uri)); await f();");

    [Fact]
    public Task Bytes_that_are_used_elsewhere_are_not_reported() => EachAsync(
        "var bytes = await client.GetByteArrayAsync(uri); await File.WriteAllBytesAsync(path, bytes); Console.WriteLine(bytes.Length);",
        "var bytes = await client.GetByteArrayAsync(uri); Console.WriteLine(); await File.WriteAllBytesAsync(path, bytes);",
        "await File.WriteAllBytesAsync(path, Change(await client.GetByteArrayAsync(uri)));",
        "var bytes = await client.GetByteArrayAsync(uri); await File.WriteAllBytesAsync(path, Change(bytes));",
        "var bytes = await client.GetByteArrayAsync(uri); _ = File.WriteAllBytesAsync(path, bytes);",
        "var getting = client.GetByteArrayAsync(uri); await File.WriteAllBytesAsync(path, await getting);",
        "var bytes = await client.GetByteArrayAsync(uri); await File.AppendAllBytesAsync(path, bytes);",
        "await File.WriteAllTextAsync(path, await client.GetStringAsync(uri));",
        "var bytes = await client.GetByteArrayAsync(uri); ct.Register(() => File.WriteAllBytes(path, bytes));",
        "var bytes = await client.GetByteArrayAsync(uri); Action write = () => File.WriteAllBytes(path, bytes); write();");

    [Fact]
    public Task Tricky_code_is_judged_right() => EachAsync(
        "byte[] bytes = await client.GetByteArrayAsync(uri), other = []; await File.WriteAllBytesAsync(path, bytes);",
        "byte[] bytes; bytes = await client.GetByteArrayAsync(uri); await File.WriteAllBytesAsync(path, bytes);",
        "await File.WriteAllBytesAsync(path, (await [|client.GetByteArrayAsync|](uri)));",
        "await File.WriteAllBytesAsync(path, (ReadOnlyMemory<byte>)await client.GetByteArrayAsync(uri));",
        "var bytes = await client.GetByteArrayAsync(uri); if (bytes.Length > 0) { await File.WriteAllBytesAsync(path, bytes); }",
        "var bytes = await client.GetByteArrayAsync(uri); if (path.Length > 0) { await File.WriteAllBytesAsync(path, bytes); }",
        "await File.WriteAllBytesAsync(await File.ReadAllTextAsync(path), await [|client.GetByteArrayAsync|](uri));",
        "await File.WriteAllBytesAsync(bytes: await [|client.GetByteArrayAsync|](uri), path: path);",
        "using (var own = new HttpClient()) { await File.WriteAllBytesAsync(path, await [|own.GetByteArrayAsync|](uri)); }",
        "await Task.WhenAll(File.WriteAllBytesAsync(path, await client.GetByteArrayAsync(uri)));",
        "await client.DownloadAsync(uri, path); await File.WriteAllBytesAsync(path, []);".Replace("client.Download", "AsyncKit.Http.Downloads.Download", StringComparison.Ordinal).Replace("(uri, path)", "(client, uri, path)", StringComparison.Ordinal),
        "foreach (var one in new[] { uri }) { var bytes = await [|client.GetByteArrayAsync|](one); await File.WriteAllBytesAsync(path, bytes); }",
        "dynamic d = client; await File.WriteAllBytesAsync(path, await d.GetByteArrayAsync(uri));",
        "using var bytes2 = new MemoryStream(await client.GetByteArrayAsync(uri)); await File.WriteAllBytesAsync(path, bytes2.ToArray());");

    [Fact]
    public Task Top_level_statements_and_derived_clients_are_seen() => Verify.ReportsAsync(
        new BufferedDownloadAnalyzer(),
        """
        var bytes = await [|new MyClient().GetByteArrayAsync|]("a");
        await File.WriteAllBytesAsync("b", bytes);
        public sealed class MyClient : HttpClient { }
        """,
        OutputKind.ConsoleApplication);

    [Fact]
    public async Task Without_AsyncKit_Http_nothing_is_reported()
    {
        var core = Code.References.Where(reference => reference.Display?.EndsWith("AsyncKit.Http.dll", StringComparison.Ordinal) != true);
        var source = Template.Replace(
            "BODY", "await File.WriteAllBytesAsync(path, await client.GetByteArrayAsync(uri));", StringComparison.Ordinal);

        Assert.Empty(await Verify.FindAsync(
            new BufferedDownloadAnalyzer(), Verify.Compile(source, [.. core], OutputKind.DynamicallyLinkedLibrary)));
    }

    [Fact]
    public Task The_response_is_downloaded_to_the_file() => Fix.FixesAsync(
        """
        public sealed class C
        {
            public async Task RunAsync(HttpClient client, Uri uri, string address, string path, CancellationToken ct)
            {
                // Save.
                await File.WriteAllBytesAsync(path, await {|AK0013:client.GetByteArrayAsync|}(address)); // Saved.
                await File.WriteAllBytesAsync(Path.Combine(path, "a"), await {|AK0013:client.GetByteArrayAsync|}(uri, ct).ConfigureAwait(false), ct).ConfigureAwait(false);
                File.WriteAllBytes(path + ".b", await {|AK0013:client.GetByteArrayAsync|}(uri, CancellationToken.None));
                // Bytes.
                var bytes = await {|AK0013:client.GetByteArrayAsync|}(uri); // Got.
                // File.
                await File.WriteAllBytesAsync(path, bytes, ct); // Written.
            }

            public async Task SaveAsync(HttpClient client, Uri uri) =>
                await File.WriteAllBytesAsync("file", await {|AK0013:client.GetByteArrayAsync|}(uri));
        }
        """,
        """
        using AsyncKit.Http;

        public sealed class C
        {
            public async Task RunAsync(HttpClient client, Uri uri, string address, string path, CancellationToken ct)
            {
                // Save.
                await client.DownloadAsync(new Uri(address, UriKind.RelativeOrAbsolute), path, new DownloadOptions { OnExisting = ExistingFile.Replace }); // Saved.
                await client.DownloadAsync(uri, Path.Combine(path, "a"), new DownloadOptions { OnExisting = ExistingFile.Replace }, ct).ConfigureAwait(false);
                await client.DownloadAsync(uri, path + ".b", new DownloadOptions { OnExisting = ExistingFile.Replace });
                // Bytes.
                // Got.
                // File.
                await client.DownloadAsync(uri, path, new DownloadOptions { OnExisting = ExistingFile.Replace }, ct); // Written.
            }

            public async Task SaveAsync(HttpClient client, Uri uri) =>
                await client.DownloadAsync(uri, "file", new DownloadOptions { OnExisting = ExistingFile.Replace });
        }
        """);

    [Fact]
    public Task Three_documents_are_fixed_at_once() => Fix.FixesAsync(
        [.. new[] { "A", "B", "D" }.Select(name => $$"""
            using System.Net;
            public sealed class {{name}}
            {
                public static async Task RunAsync(HttpClient client, Uri uri) =>
                    await File.WriteAllBytesAsync("{{name}}", await {|AK0013:client.GetByteArrayAsync|}(uri));
            }
            """)],
        [.. new[] { "A", "B", "D" }.Select(name => $$"""
            using System.Net;
            using AsyncKit.Http;
            public sealed class {{name}}
            {
                public static async Task RunAsync(HttpClient client, Uri uri) =>
                    await client.DownloadAsync(uri, "{{name}}", new DownloadOptions { OnExisting = ExistingFile.Replace });
            }
            """)]);

    [Fact]
    public Task Calls_that_would_change_have_no_fix() => Fix.OffersNothingAsync("""
        public sealed class C
        {
            private static string Next() => "";

            public async Task RunAsync(HttpClient client, Uri uri, string path, CancellationToken one, CancellationToken two)
            {
                await File.WriteAllBytesAsync(path, await client.GetByteArrayAsync(uri, one), two);
                await File.WriteAllBytesAsync(Next(), await client.GetByteArrayAsync(uri));
                await File.WriteAllBytesAsync(Path.GetTempFileName(), await client.GetByteArrayAsync(uri));
                await File.WriteAllBytesAsync(bytes: await client.GetByteArrayAsync(uri), path: path);
            }
        }
        """);

    private static Task EachAsync(params string[] bodies) => Verify.EachAsync(new BufferedDownloadAnalyzer(), Template, bodies);
}
