using System.Globalization;
using System.Security.Cryptography;

namespace AsyncKit.Tests;

/// <summary>The main use of a lane: finding and reading files with blocking calls.</summary>
public sealed class LaneFilesTests : IClassFixture<NothingLeftBehind>
{
    private const string ItemsVariable = "ASYNCKIT_STRESS_ITEMS";
    private const int FilesByDefault = 1_000;
    private const int MostFiles = 10_000;
    private const int FilesPerFolder = 50;

    [Fact]
    public async Task A_file_tree_read_on_a_lane_gives_the_results_of_a_loop()
    {
        var files = Environment.GetEnvironmentVariable(ItemsVariable) is { Length: > 0 } text
            ? Math.Min(int.Parse(text, CultureInfo.InvariantCulture), MostFiles)
            : FilesByDefault;
        var root = Directory.CreateTempSubdirectory("asynckit-");
        try
        {
            Fill(root, files);
            await using var lane = Lanes.Of(8);

            var read = await lane.Enumerate(Find(root)).FanOutBlockingAsync(lane, (file, _) => Read(file)).OrHangs();

            Assert.Equal(files, read.Length);
            Assert.All(read, one => Assert.StartsWith("AsyncKit:test-", one.Thread, StringComparison.Ordinal));
            Assert.Equal(
                Find(root).Select(Read).Select(one => one.Hash), read.Select(one => one.Hash), StringComparer.Ordinal);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static void Fill(DirectoryInfo root, int files)
    {
        for (var file = 0; file < files; file++)
        {
            var folder = root.CreateSubdirectory($"{file / FilesPerFolder % 5}/{file / FilesPerFolder}");
            File.WriteAllText(Path.Combine(folder.FullName, $"{file}"), $"{file}");
        }
    }

    private static IEnumerable<string> Find(DirectoryInfo root) =>
        Directory.EnumerateFiles(root.FullName, "*", SearchOption.AllDirectories);

    private static (string Hash, string Thread) Read(string file) =>
        ($"{file} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}", Lanes.ThreadName());
}
