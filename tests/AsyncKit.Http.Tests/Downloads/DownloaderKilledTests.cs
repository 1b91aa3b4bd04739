namespace AsyncKit.Http.Tests;

/// <summary>Kills the sample and restarts it.</summary>
public sealed class DownloaderKilledTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int Files = 12;
    private const int Kills = 10;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_process_that_is_killed_ten_times_resumes_all_files_from_the_bytes_on_disk()
    {
        var random = new Random(7);
        await using var server = await FaultServer.StartAsync(file => 200_000 + (file * 50_000), (_, _) => Fault.None);
        var list = _folder["list.txt"];
        await File.WriteAllLinesAsync(list, Enumerable.Range(0, Files).Select(file => server.UriOf(file).ToString()));
        var folder = _folder["files"];
        var resumed = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var requests = server.Requests.Count;
            var before = PartsOf(server, folder);
            var bytes = random.Next(50_000, 550_000);
            var onDisk = BytesIn(folder) + random.Next(bytes);
            var sent = server.Allow(bytes);
            using (var process = SampleProcess.Start("Downloader", list, folder, "4"))
            {
                await sent.OrHangs();
                await Hang.UntilAsync(() => BytesIn(folder) >= onDisk); // Some of the sent bytes may be in transit.
                process.Signal("KILL");
                Assert.NotEqual(0, (await process.EndAsync()).Code);
            }

            await server.IdleAsync().OrHangs(); // Requests of the killed process must not count for the next one.
            resumed += Check(server, requests, before);
            CheckComplete(server, folder);
        }

        var last = (Requests: server.Requests.Count, Parts: PartsOf(server, folder));
        _ = server.Allow(long.MaxValue);
        using var end = SampleProcess.Start("Downloader", list, folder, "4");
        var (code, output) = await end.EndAsync();

        Assert.True(code == 0, output);
        resumed += Check(server, last.Requests, last.Parts);
        Assert.Equal(Files, CheckComplete(server, folder));
        Assert.Equal(Files, Directory.GetFiles(folder).Length);
        Assert.True(resumed >= Kills, $"{resumed} downloads resumed.");
        Assert.Contains($"{Files} complete", output, StringComparison.Ordinal);
    }

    /// <summary>Checks that bytes on disk at the kill are not requested again.</summary>
    private static int Check(FaultServer server, int firstRequest, Dictionary<int, long> parts)
    {
        var resumed = 0;
        foreach (var (file, _, from) in server.Requests.Skip(firstRequest))
        {
            if (parts.GetValueOrDefault(file) is > 0 and var length)
            {
                Assert.Equal(length, from);
                resumed++;
            }
            else
            {
                Assert.Null(from);
            }
        }

        return resumed;
    }

    private static Dictionary<int, long> PartsOf(FaultServer server, string folder) => Directory.Exists(folder)
        ? Enumerable.Range(0, Files)
            .Select(file => (file, Part: TempFolder.PartOf(folder, server.KeptNameOf(file))))
            .Where(one => one.Part is not null)
            .ToDictionary(one => one.file, one => new FileInfo(one.Part!).Length)
        : [];

    private static long BytesIn(string folder) => Directory.Exists(folder)
        ? new DirectoryInfo(folder).EnumerateFiles().Where(file => file.Extension is ".bin" or ".asynckit").Sum(LengthOf)
        : 0;

    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0; // The process just renamed it.
        }
    }

    private static int CheckComplete(FaultServer server, string folder)
    {
        var complete = 0;
        foreach (var file in Enumerable.Range(0, Files))
        {
            var path = Path.Combine(folder, server.KeptNameOf(file));
            if (File.Exists(path))
            {
                Assert.Equal(server.Content(file), File.ReadAllBytes(path));
                complete++;
            }
        }

        return complete;
    }
}
