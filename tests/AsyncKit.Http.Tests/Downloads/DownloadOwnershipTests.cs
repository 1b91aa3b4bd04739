using System.Diagnostics;

namespace AsyncKit.Http.Tests;

/// <summary>Tests that a download changes no file that it did not create.</summary>
public sealed class DownloadOwnershipTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const string Foreign = "of another program";
    private const string Token = "0123456789abcdef";

    private static readonly Uri Address = new("http://example.org/files/a.bin");
    private static readonly byte[] Content = Responses.Bytes(1_000);
    private static readonly DownloadOptions Once = new() { Retry = new RetryOptions { MaxAttempts = 1 } };

    private readonly TempFolder _folder = new();

    public enum Outcome
    {
        Success,
        Missing,
        Broken,
        Wrong,
    }

    private string Target => _folder["a.bin"];

    private string Sidecar => _folder.SidecarOf("a.bin");

    public static TheoryData<string, Outcome> ForeignFiles
    {
        get
        {
            var data = new TheoryData<string, Outcome>();
            foreach (var outcome in Enum.GetValues<Outcome>())
            {
                foreach (var suffix in new[] { ".part", ".part.json", ".part.json.new", ".asynckit", ".asynckit.json", $".{Token}.asynckit" })
                {
                    data.Add(suffix, outcome);
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(ForeignFiles))]
    public async Task A_file_of_another_program_keeps_its_bytes_under_every_name(string suffix, Outcome outcome)
    {
        foreach (var text in new[] { Foreign, "", "{\"asynckit\":1}", new string('\0', 20) })
        {
            await File.WriteAllTextAsync(Target + suffix, text);
            using var handler = new ScriptedHandler(_ => outcome switch
            {
                Outcome.Missing => Responses.Status(HttpStatusCode.NotFound),
                Outcome.Broken => Responses.Whole(Content, body: Responses.Reset(Content, 400)),
                _ => Responses.Whole(Content),
            });
            using var client = handler.Client();
            var wrong = outcome == Outcome.Wrong ? new string('0', 64) : null;

            var download = client.DownloadAsync(Address, Target, Once with { ExpectedSha256 = wrong });
            _ = await Record.ExceptionAsync(() => download);

            Assert.Equal(outcome == Outcome.Success, download.IsCompletedSuccessfully);
            Assert.Equal(text, await File.ReadAllTextAsync(Target + suffix));
            Assert.Equal(outcome == Outcome.Success, File.Exists(Target));
            Array.ForEach(Directory.GetFiles(_folder.Path), File.Delete);
        }
    }

    [Fact]
    public async Task A_download_resumes_although_another_program_has_the_name_of_its_sidecar()
    {
        await File.WriteAllTextAsync(Sidecar, Foreign);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 400)), _ => Responses.Rest(Content, 400));
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        var result = await client.DownloadAsync(Address, Target, Once);

        Assert.Equal(400, result.ResumedFrom);
        Assert.Equal(["a.bin", "a.bin.asynckit.json"], _folder.Names);
        Assert.Equal(Foreign, await File.ReadAllTextAsync(Sidecar));
    }

    /// <summary>Content alone proves nothing: a server may send it, and a user may copy it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_of_a_sidecar_is_a_file_of_its_author(bool isComplete)
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 400)),
            _ => isComplete ? Responses.Whole(Content) : Responses.Status(HttpStatusCode.NotFound));
        using var client = handler.Client();
        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        File.Move(Sidecar, _folder["moved"]);
        File.Copy(_folder["moved"], Sidecar);
        var copy = await File.ReadAllBytesAsync(Sidecar);
        var part = _folder.PartOf("a.bin");

        _ = await Record.ExceptionAsync(() => client.DownloadAsync(Address, Target, Once));

        Assert.Equal(copy, await File.ReadAllBytesAsync(Sidecar));
        Assert.Equal(Content[..400], await File.ReadAllBytesAsync(part));
        Assert.Equal(isComplete, File.Exists(Target));
    }

    [Fact]
    public async Task A_download_without_a_free_name_for_its_sidecar_fails_and_leaves_no_file()
    {
        var paths = new DownloadPaths(Target);
        var slots = Enumerable.Range(1, 4).Select(paths.Sidecar).ToList();
        slots.ForEach(slot => Directory.CreateDirectory(slot));
        using var handler = new ScriptedHandler();
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(Address, Target));

        Assert.Contains(slots[^1], failure.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
        Directory.Delete(slots[^1]);
        using var working = new ScriptedHandler(_ => Responses.Whole(Content));
        using var second = working.Client();
        _ = await second.DownloadAsync(Address, Target);
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Theory]
    [InlineData("a.bin.part")]
    [InlineData("a.bin.asynckit.json")]
    [InlineData("a.bin.2.asynckit.json")]
    public async Task A_link_under_a_name_of_the_download_is_not_followed(string name)
    {
        await File.WriteAllTextAsync(_folder["precious"], Foreign);
        _ = File.CreateSymbolicLink(_folder[name], _folder["precious"]);
        _ = File.CreateSymbolicLink(Target + ".new", _folder["nothing"]);
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 400)), _ => Responses.Rest(Content, 400));
        using var client = handler.Client();

        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        _ = await client.DownloadAsync(Address, Target, Once);

        Assert.Equal(Foreign, await File.ReadAllTextAsync(_folder["precious"]));
        Assert.Null(new FileInfo(Target).LinkTarget);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.False(File.Exists(_folder["nothing"]));
    }

    [Theory]
    [InlineData("symbolic link")]
    [InlineData("hard link")]
    [InlineData("other file")]
    [InlineData("folder")]
    [InlineData("pipe")]
    public async Task A_partial_file_that_was_replaced_between_two_calls_is_left_alone(string by)
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 400)), _ => Responses.Whole(Content));
        using var client = handler.Client();
        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        var part = _folder.PartOf("a.bin");
        await File.WriteAllTextAsync(_folder["precious"], Foreign);
        File.Move(part, _folder["moved"]);
        Replace(part, by);

        var result = await client.DownloadAsync(Address, Target, Once).OrHangs();

        Assert.Equal(0, result.ResumedFrom);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(Foreign, await File.ReadAllTextAsync(_folder["precious"]));
        Assert.True(Path.Exists(part));
    }

    [Theory]
    [InlineData("symbolic link")]
    [InlineData("hard link")]
    [InlineData("other file")]
    [InlineData("pipe")]
    public async Task A_sidecar_that_was_replaced_between_two_calls_is_left_alone(string by)
    {
        using var handler = new ScriptedHandler(
            _ => Responses.Whole(Content, body: Responses.Reset(Content, 400)), _ => Responses.Whole(Content));
        using var client = handler.Client();
        _ = await Assert.ThrowsAsync<HttpIOException>(() => client.DownloadAsync(Address, Target, Once));
        File.Move(Sidecar, _folder["precious"]);
        var before = await File.ReadAllBytesAsync(_folder["precious"]);
        Replace(Sidecar, by);

        _ = await client.DownloadAsync(Address, Target, Once).OrHangs();

        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder["precious"]));
        Assert.True(Path.Exists(Sidecar));
    }

    [Theory]
    [InlineData("symbolic link")]
    [InlineData("hard link")]
    [InlineData("other file")]
    public async Task A_partial_file_that_is_replaced_during_the_download_does_not_get_the_final_name(string by)
    {
        await File.WriteAllTextAsync(_folder["precious"], Foreign);
        var gate = new TestGate();
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content, body: Responses.Gated(Content, 400, gate)));
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target);
        await gate.ArrivedAsync(1);
        var part = _folder.PartOf("a.bin");
        File.Move(part, _folder["moved"]);
        Replace(part, by);
        gate.Open();
        var failure = await Assert.ThrowsAsync<IOException>(() => download.OrHangs());

        Assert.Contains("took over its partial file", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Target));
        Assert.Equal(Foreign, await File.ReadAllTextAsync(_folder["precious"]));
        Assert.Equal(Foreign, await File.ReadAllTextAsync(part));
        Assert.Equal(400, new FileInfo(_folder["moved"]).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_partial_file_whose_sidecar_is_lost_during_the_download_is_deleted(bool isReplaced)
    {
        var gate = new TestGate();
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content, body: Responses.Gated(Content[..900], 400, gate)));
        using var client = handler.Client();

        var download = client.DownloadAsync(Address, Target, Once);
        await gate.ArrivedAsync(1);
        File.Delete(Sidecar);
        if (isReplaced)
        {
            await File.WriteAllTextAsync(Sidecar, Foreign);
        }

        gate.Open();
        _ = await Assert.ThrowsAnyAsync<IOException>(() => download.OrHangs());

        Assert.Equal(isReplaced ? ["a.bin.asynckit.json"] : [], _folder.Names);
        Assert.Equal(isReplaced, File.Exists(Sidecar) && (await File.ReadAllTextAsync(Sidecar)).Equals(Foreign, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_link_under_the_final_name_is_an_existing_file_and_Replace_replaces_the_link_itself()
    {
        await File.WriteAllTextAsync(_folder["precious"], Foreign);
        using var handler = new ScriptedHandler([.. Enumerable.Repeat((HttpRequestMessage _) => Responses.Whole(Content), 2)]);
        using var client = handler.Client();
        foreach (var target in new[] { "precious", "nothing" })
        {
            _ = File.CreateSymbolicLink(Target, _folder[target]);
            _ = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(Address, Target));
            _ = await client.DownloadAsync(Address, Target, new DownloadOptions { OnExisting = ExistingFile.Replace });

            Assert.Null(new FileInfo(Target).LinkTarget);
            Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
            File.Delete(Target);
        }

        Assert.Equal(Foreign, await File.ReadAllTextAsync(_folder["precious"]));
        Assert.Equal(["precious"], _folder.Names);
    }

    [Theory]
    [InlineData(ExistingFile.Fail)]
    [InlineData(ExistingFile.Replace)]
    [InlineData(ExistingFile.Keep)]
    public async Task A_pipe_under_the_final_name_is_neither_read_nor_replaced(ExistingFile onExisting)
    {
        Pipe(Target);
        using var handler = new ScriptedHandler();
        using var client = handler.Client();

        var failure = await Assert.ThrowsAsync<IOException>(() => client.DownloadAsync(
            Address, Target, new DownloadOptions { OnExisting = onExisting, ExpectedSha256 = new string('0', 64) }).OrHangs());

        Assert.Contains("must name a file", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["a.bin"], _folder.Names);
    }

    [Theory]
    [InlineData(ExistingFile.Keep)]
    [InlineData(ExistingFile.Replace)]
    public async Task A_process_killed_while_it_renamed_leaves_no_second_name_that_is_written(ExistingFile onExisting)
    {
        var paths = new DownloadPaths(Target);
        await File.WriteAllBytesAsync(Target, Content);
        Assert.True(NativeFiles.TryLink(Target, paths.Part(Token)));
        Assert.True(NativeFiles.TryLink(Target, _folder["backup"]));
        var version = new DownloadVersion(Responses.ETag, null, false, 1_000);
        _folder.WriteSidecar("a.bin", new DownloadRecord(
            "1", Token, DownloadSource.Of(Address), version, FileStatus.OfPath(Target)!.Value.Id));
        var other = Responses.Bytes(1_000, seed: 2);
        using var handler = new ScriptedHandler(_ => Responses.Whole(other));
        using var client = handler.Client();

        _ = await client.DownloadAsync(Address, Target, new DownloadOptions { OnExisting = onExisting });

        Assert.Equal(["a.bin", "backup"], _folder.Names);
        Assert.Equal(Content, await File.ReadAllBytesAsync(_folder["backup"]));
        Assert.Equal(onExisting == ExistingFile.Keep ? Content : other, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task Each_state_that_a_killed_process_leaves_is_cleaned_up_by_the_next_call()
    {
        var paths = new DownloadPaths(Target);
        var record = new DownloadRecord("1", Token);
        Action[] states =
        [
            () => Write(Sidecar, []),
            () => _folder.WriteSidecar("a.bin", record),
            () => { _folder.WriteSidecar("a.bin", record); Write(paths.Part(Token), []); },
            () =>
            {
                Write(paths.Part(Token), Content); // Without a validator.
                _folder.WriteSidecar("a.bin", record with { Part = FileStatus.OfPath(paths.Part(Token))!.Value.Id });
            },
        ];
        foreach (var state in states)
        {
            state();
            using var handler = new ScriptedHandler(_ => Responses.Whole(Content));
            using var client = handler.Client();

            _ = await client.DownloadAsync(Address, Target);

            Assert.Equal(["a.bin"], _folder.Names);
            File.Delete(Target);
        }
    }

    [Fact]
    public async Task A_long_name_is_downloaded()
    {
        using var handler = new ScriptedHandler(_ => Responses.Whole(Content));
        using var client = handler.Client();
        var name = new string('a', 255);

        _ = await client.DownloadAsync(Address, _folder[name]);

        Assert.Equal([name], _folder.Names);
    }

    private static void Write(string path, byte[] content)
    {
        File.WriteAllBytes(path, content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private void Replace(string path, string by)
    {
        switch (by)
        {
            case "symbolic link":
                _ = File.CreateSymbolicLink(path, _folder["precious"]);
                break;
            case "hard link":
                Assert.True(NativeFiles.TryLink(_folder["precious"], path));
                break;
            case "other file":
                File.WriteAllText(path, Foreign);
                break;
            case "folder":
                _ = Directory.CreateDirectory(path);
                break;
            default:
                Pipe(path);
                break;
        }
    }

    private static void Pipe(string path)
    {
        using var process = Process.Start("mkfifo", [path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
