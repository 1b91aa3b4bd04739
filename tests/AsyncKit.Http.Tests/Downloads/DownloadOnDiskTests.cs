using System.Security.Cryptography;

namespace AsyncKit.Http.Tests;

/// <summary>Tests downloads with existing files, files of other downloads, and files that cannot be written.</summary>
public sealed class DownloadOnDiskTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly byte[] Content = Responses.Bytes(1_000);

    private readonly TempFolder _folder = new();

    private string Target => _folder["a.bin"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_existing_file_fails_the_download_before_the_first_request()
    {
        await File.WriteAllTextAsync(Target, "old");
        using var handler = new ScriptedHandler();
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(Address, Target));

        Assert.Equal(
            $"The download of {Address} to {Target} failed: The file already exists; set OnExisting to Replace or Keep.",
            failure.Message);
        Assert.Equal("old", await File.ReadAllTextAsync(Target));
    }

    [Fact]
    public async Task A_file_created_during_the_download_is_not_overwritten_and_the_partial_file_stays()
    {
        using var handler = new ScriptedHandler(_ =>
        {
            File.WriteAllText(Target, "other");
            return Responses.Whole(Content);
        });
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(Address, Target));

        Assert.Equal("other", await File.ReadAllTextAsync(Target));
        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder.PartOf("a.bin")));
    }

    [Fact]
    public async Task Replace_replaces_the_old_file_only_when_the_new_one_is_complete()
    {
        await File.WriteAllTextAsync(Target, "old");
        var gate = new TestGate();
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content, body: Responses.Gated(Content, 400, gate)));
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, new DownloadOptions { OnExisting = ExistingFile.Replace });
        await gate.ArrivedAsync(1);
        Assert.Equal("old", await File.ReadAllTextAsync(Target));
        gate.Open();
        _ = await download.OrHangs();

        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task Keep_sends_no_request_and_deletes_the_sidecar_of_a_killed_process()
    {
        await File.WriteAllBytesAsync(Target, Content);
        _folder.WriteSidecar("a.bin", new DownloadRecord("1", "0123456789abcdef"));
        using var handler = new ScriptedHandler();
        using var client = handler.Client();
        var progress = new Received<DownloadProgress>();
        var options = new DownloadOptions
        {
            OnExisting = ExistingFile.Keep,
            ExpectedLength = 1_000,
            ExpectedSha256 = Convert.ToHexString(SHA256.HashData(Content)),
            Progress = progress,
        };

        var result = await client.DownloadAsync(Address, Target, options);

        Assert.Equal((true, false, 1_000L, 0L, 0), (
            result.IsKept, result.IsResumed, result.Length, result.BytesReceived, result.Attempts));
        Assert.Equal(["a.bin"], _folder.Names);
        Assert.Equal(1_000, Assert.Single(progress.All).BytesOnDisk);
    }

    [Fact]
    public async Task Keep_fails_for_an_unexpected_file_and_does_not_change_it()
    {
        await File.WriteAllBytesAsync(Target, Content);
        using var handler = new ScriptedHandler();
        using var client = handler.Client();
        var keep = new DownloadOptions { OnExisting = ExistingFile.Keep };

        _ = await Assert.ThrowsAsync<InvalidDataException>(
            () => client.DownloadAsync(Address, Target, keep with { ExpectedLength = 999 }));
        _ = await Assert.ThrowsAsync<InvalidDataException>(
            () => client.DownloadAsync(Address, Target, keep with { ExpectedSha256 = new string('0', 64) }));

        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task A_second_download_of_the_same_file_fails_with_an_IOException_that_names_it()
    {
        var gate = new TestGate();
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content, body: Responses.Gated(Content, 400, gate)));
        using var client = handler.Client();
        var first = client.DownloadAsync(Address, Target);
        await gate.ArrivedAsync(1);

        var refused = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(Address, Target));
        gate.Open();
        _ = await first.OrHangs();

        Assert.Contains(Target, refused.Message, StringComparison.Ordinal);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_created_fails_with_an_exception_that_names_the_file()
    {
        await File.WriteAllTextAsync(_folder["file"], "");
        using var handler = new ScriptedHandler();
        using var client = handler.Client();
        var target = Path.Combine(_folder["file"], "a.bin");

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => client.DownloadAsync(Address, target));

        Assert.Contains(target, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_the_name_fails_the_download()
    {
        _ = Directory.CreateDirectory(Target);
        using var handler = new ScriptedHandler();
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(Address, Target));

        Assert.EndsWith("The path must name a file; it is a folder.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_folder_is_created()
    {
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, _folder["x/y/a.bin"]);

        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder["x/y/a.bin"]));
    }
}
