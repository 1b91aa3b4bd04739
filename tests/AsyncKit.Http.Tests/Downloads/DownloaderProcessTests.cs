using System.Diagnostics;
using System.Globalization;

namespace AsyncKit.Http.Tests;

/// <summary>Runs the sample in several processes at once, under limits of the system, and with invalid arguments.</summary>
public sealed class DownloaderProcessTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int Files = 20;

    /// <summary>Set it to repeat the test for longer.</summary>
    private const string RoundsVariable = "ASYNCKIT_DOWNLOAD_ROUNDS";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Without file locks, as on some network file systems, the processes do not notice each other.</summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(2, false)]
    [InlineData(4, false)]
    public async Task Processes_that_download_the_same_files_and_are_killed_leave_only_correct_files(int processes, bool hasLocks)
    {
        var rounds = int.Parse(
            Environment.GetEnvironmentVariable(RoundsVariable) ?? "1", CultureInfo.InvariantCulture);
        await using var server = await FaultServer.StartAsync(
            file => 20_000 + (file * 10_000), (_, attempt) => attempt % 2 == 0 ? Fault.NewVersion : Fault.None);
        var list = _folder["list.txt"];
        await File.WriteAllLinesAsync(list, Enumerable.Range(0, Files).Select(file => server.UriOf(file).ToString()));
        var locks = ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", hasLocks ? "0" : "1");
        for (var round = 0; round < rounds; round++)
        {
            var random = new Random((round * 10) + processes);
            var folder = _folder[$"round-{round}"];
            await RunAndKillAsync(server, random, () => SampleProcess.Start("Downloader", locks, list, folder, "4"), processes);
            using var last = SampleProcess.Start("Downloader", locks, list, folder, "4");
            var (code, output) = await last.EndAsync();

            Assert.True(code == 0, $"Round {round}: {output}");
            Assert.All(Enumerable.Range(0, Files), file =>
                Assert.True(server.IsVersion(file, File.ReadAllBytes(Path.Combine(folder, server.KeptNameOf(file))))));
            var other = Directory.GetFiles(folder).Length - Files;
            Assert.True(other == 0 || !hasLocks, $"Round {round}: {string.Join(", ", Directory.GetFiles(folder))}");
        }
    }

    [Fact]
    public async Task A_full_disk_fails_the_download_and_leaves_only_files_that_a_later_call_uses()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // The limit of the size of a file stands for the disk, and only Unix has one.
        }

        await using var server = await FaultServer.StartAsync(_ => 200_000, (_, _) => Fault.None);
        await File.WriteAllTextAsync(_folder["list.txt"], server.UriOf(1).ToString());
        var part = new Func<string?>(() => TempFolder.PartOf(_folder["files"], server.KeptNameOf(1)));

        var (code, output) = await RunAsync(
            $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f 0; {Command} {_folder["list.txt"]} {_folder["files"]}");
        Assert.True(code == 1, output);
        Assert.Empty(Directory.GetFiles(_folder["files"])); // Not even the sidecar could be written.

        (code, output) = await RunAsync(
            $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f 64; {Command} {_folder["list.txt"]} {_folder["files"]}");
        Assert.True(code == 1, output);
        Assert.Contains($"The download of {server.UriOf(1)} to ", output, StringComparison.Ordinal);
        Assert.Equal(64 * 1024, new FileInfo(part()!).Length);
        Assert.Equal(2, Directory.GetFiles(_folder["files"]).Length);

        (code, output) = await RunAsync($"{Command} {_folder["list.txt"]} {_folder["files"]}");
        Assert.True(code == 0, output);
        Assert.Equal([null, 64 * 1024], server.Requests.Select(request => request.From));
        Assert.Equal(server.Content(1), await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(_folder["files"]))));
    }

    [Fact]
    public async Task Invalid_arguments_are_answered_with_one_sentence()
    {
        await File.WriteAllLinesAsync(_folder["bad.txt"], ["# comment", "http://h/a", "not a URL"]);
        await File.WriteAllLinesAsync(_folder["file.txt"], ["file:///etc/passwd"]);
        await File.WriteAllLinesAsync(_folder["good.txt"], []);
        string[] arguments =
        [
            "", $"{_folder["good.txt"]} f 0", $"{_folder["good.txt"]} f abc", $"{_folder["good.txt"]} f -1", $"{_folder["bad.txt"]} f",
            $"{_folder["file.txt"]} f", $"{_folder["missing.txt"]} f",
        ];

        var (_, output) = await RunAsync(string.Join("; ", arguments.Select(one => $"{Command} {one}; echo \"code $?\"")));

        var lines = output.Split('\n');
        Assert.Equal(arguments.Length * 2, lines.Length);
        Assert.All(lines.Where((_, index) => index % 2 == 1), line => Assert.Equal("code 2", line));
        Assert.StartsWith("Usage: Downloader", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("at least 1; it was '0'.", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("at least 1; it was 'abc'.", lines[4], StringComparison.Ordinal);
        Assert.Equal($"Line 3 of {_folder["bad.txt"]} must be an http or https URL; it was 'not a URL'.", lines[8]);
        Assert.StartsWith($"Line 1 of {_folder["file.txt"]} must be", lines[10], StringComparison.Ordinal);
        Assert.StartsWith("The list of URLs cannot be read: ", lines[12], StringComparison.Ordinal);
    }

    private static string Command =>
        $"{Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet"} {SampleProcess.PathOf("Downloader")}";

    /// <summary>Kills the processes one after another, each after more bytes, and waits for the last one if it is
    /// not killed.</summary>
    private static async Task RunAndKillAsync(FaultServer server, Random random, Func<SampleProcess> start, int processes)
    {
        var sent = server.Allow(random.Next(1_000, 1_500_000));
        var all = Enumerable.Range(0, processes).Select(_ => start()).ToList();
        try
        {
            var ends = all.ConvertAll(process => process.EndAsync());
            var killed = random.Next(1, processes + 1);
            for (var index = 0; index < killed; index++)
            {
                await Task.WhenAny(sent, Task.WhenAll(ends)).OrHangs(); // All may complete before that.
                all[index].Signal("KILL");
                sent = server.Allow(index == killed - 1 ? long.MaxValue : random.Next(1_000, 1_500_000));
            }

            _ = await Task.WhenAll(ends);
        }
        finally
        {
            all.ForEach(process => process.Dispose());
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"{{ {command}; }} 2>&1"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync().OrHangs();
        await process.WaitForExitAsync().OrHangs();
        return (process.ExitCode, output.ReplaceLineEndings("\n").Trim());
    }
}
