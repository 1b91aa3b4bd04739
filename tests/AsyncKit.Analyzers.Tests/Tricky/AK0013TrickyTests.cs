using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers.Tests;

public class AK0013TrickyTests() : TrickyTests("AK0013")
{
    [Fact]
    public Task Bytes_in_a_local_go_to_the_file() => FixesAsync("""
        public class Sample(HttpClient client)
        {
            public async Task RunAsync(Uri uri, string path, CancellationToken ct)
            {
                // Loads it.
                var bytes = await [|client.GetByteArrayAsync|](uri, ct).ConfigureAwait(false);
                await File.WriteAllBytesAsync(path, bytes, ct).ConfigureAwait(false); // Saved.
            }
        }
        """);

    [Fact]
    public Task Nested_bytes_go_to_the_file() => FixesAsync("""
        using static System.IO.File;
        public class Sample
        {
            public async Task RunAsync(IHttp http, string address, string path)
            {
                await WriteAllBytesAsync(path, await [|http.Client.GetByteArrayAsync|](address));
                File.WriteAllBytes(path, await [|http.Client!.GetByteArrayAsync|]("http://a/"));
            }
        }
        public interface IHttp { HttpClient Client { get; } }
        """);

    [Fact]
    public Task A_synchronous_write_is_a_write() => ReportsAsync(InMethod("""
        using var client = new HttpClient();
        byte[] bytes = await [|client.GetByteArrayAsync|](requestUri: uri, cancellationToken: ct);
        File.WriteAllBytes("a", bytes);
        """));

    [Fact]
    public Task A_synchronous_write_is_awaited_after_the_fix() => FixesAsync(InMethod("""
        using var client = new HttpClient();
        byte[] bytes = await [|client.GetByteArrayAsync|](uri);
        File.WriteAllBytes("a", bytes);
        """));

    [Fact]
    public Task Top_level_statements_and_lambdas_download_as_well() => FixesAsync("""
        using var client = new HttpClient();
        var bytes = await [|client.GetByteArrayAsync|](args[0]);
        await File.WriteAllBytesAsync("a", bytes);
        Func<Uri, Task> save = async u => await File.WriteAllBytesAsync("b", await [|client.GetByteArrayAsync|](u));
        await save(new Uri("http://b/"));
        """, OutputKind.ConsoleApplication);

    [Fact]
    public Task A_client_of_a_derived_type_downloads_as_well() => FixesAsync("""
        namespace Own
        {
            public class Client : HttpClient { }
            public class Sample<T>(T client) where T : Client
            {
                public async Task RunAsync(Client own, Uri uri)
                {
                    await File.WriteAllBytesAsync("a", await [|own.GetByteArrayAsync|](uri));
                }
            }
        }
        """);

    [Fact]
    public Task Bytes_that_are_used_elsewhere_are_needed() => SilentAsync(InMethod("""
        using var client = new HttpClient();
        var a = await client.GetByteArrayAsync(uri, ct);
        await File.WriteAllBytesAsync("a", a, ct);
        Console.WriteLine(a.Length);
        var b = await client.GetByteArrayAsync(uri, ct);
        await File.WriteAllBytesAsync("b" + b.Length, b, ct);
        var c = await client.GetByteArrayAsync(uri, ct);
        Action later = () => Console.WriteLine(c.Length);
        await File.WriteAllBytesAsync("c", c, ct);
        byte[] d;
        await File.WriteAllBytesAsync("d", d = await client.GetByteArrayAsync(uri, ct), ct);
        Console.WriteLine(d);
        """));

    [Fact]
    public Task A_statement_between_them_may_need_the_bytes() => SilentAsync(InMethod("""
        using var client = new HttpClient();
        var a = await client.GetByteArrayAsync(uri, ct);
        Console.WriteLine("loaded");
        await File.WriteAllBytesAsync("a", a, ct);
        var b = await client.GetByteArrayAsync(uri, ct);
        if (uris.Count > 0) { await File.WriteAllBytesAsync("b", b, ct); }
        var c = await client.GetByteArrayAsync(uri, ct);
        await File.WriteAllBytesAsync("c", new byte[1], ct);
        """));

    [Fact]
    public Task A_part_or_a_copy_of_the_bytes_is_no_download() => SilentAsync(InMethod("""
        using var client = new HttpClient();
        var a = await client.GetByteArrayAsync(uri, ct);
        await File.WriteAllBytesAsync("a", a.AsMemory(0, 10), ct);
        var b = await client.GetByteArrayAsync(uri, ct);
        await File.WriteAllBytesAsync("b", b.Reverse().ToArray(), ct);
        await File.WriteAllBytesAsync("c", [.. await client.GetByteArrayAsync(uri, ct), 0], ct);
        var d = await client.GetByteArrayAsync(uri, ct);
        await File.WriteAllBytesAsync("d", uris.Count > 0 ? d : [], ct);
        """));

    [Fact]
    public Task Another_way_to_write_is_not_meant() => SilentAsync(InMethod("""
        using var client = new HttpClient();
        var a = await client.GetByteArrayAsync(uri, ct);
        await File.AppendAllBytesAsync("a", a, ct);
        var b = await client.GetByteArrayAsync(uri, ct);
        await using var file = File.Create("b");
        await file.WriteAsync(b, ct);
        var c = await client.GetStringAsync(uri, ct);
        await File.WriteAllTextAsync("c", c, ct);
        await File.WriteAllBytesAsync("d", client.GetByteArrayAsync(uri, ct).Result, ct);
        """));

    [Fact]
    public Task Another_client_or_file_is_not_meant() => SilentAsync("""
        public class Client { public Task<byte[]> GetByteArrayAsync(Uri uri) => Task.FromResult(new byte[1]); }
        public static class Store { public static Task WriteAllBytesAsync(string path, byte[] bytes) => Task.CompletedTask; }
        public class Sample
        {
            public async Task RunAsync(Client own, HttpClient client, Uri uri, dynamic any)
            {
                await File.WriteAllBytesAsync("a", await own.GetByteArrayAsync(uri));
                await Store.WriteAllBytesAsync("b", await client.GetByteArrayAsync(uri));
                await File.WriteAllBytesAsync("c", await any.GetByteArrayAsync(uri));
                var task = client.GetByteArrayAsync(uri);
                await File.WriteAllBytesAsync("d", await task);
            }
        }
        """);
}
