using System.Globalization;

namespace AsyncKit.Tests;

/// <summary>The sample that continues after it was killed, run as a separate process.</summary>
public sealed class ResumeTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int Products = 2_000;
    private const int Kills = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("resume").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_result_that_was_returned_before_a_kill_is_never_loaded_again()
    {
        var random = new Random(3);
        var path = Path.Combine(_folder, "prices.journal");
        var returned = new HashSet<int>();
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = SampleProcess.Start("Resume", path, $"{Products}");
            var lines = new List<string>();
            var most = random.Next(1, 60);
            await process.LineAsync(line =>
            {
                lines.Add(line);
                return lines.Count > 2 * most || line.EndsWith("in total", StringComparison.Ordinal);
            });
            process.Signal("KILL");
            lines.AddRange((await process.EndAsync()).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipLast(1)); // The kill may have cut it.
            Check(lines, returned);
        }

        Assert.NotEmpty(returned);
        using var last = SampleProcess.Start("Resume", path, $"{Products}");
        var (code, output) = await last.EndAsync();
        Check(output.Split('\n'), returned);

        Assert.Equal(0, code);
        Assert.Equal(Enumerable.Range(1, Products), returned.Order());
        Assert.EndsWith($"{Products} products, {Products * (Products + 1) / 2 * 1.5m} in total", output, StringComparison.Ordinal);
        Assert.Equal(Products + 1, (await File.ReadAllLinesAsync(path)).Length);
    }

    [Fact]
    public async Task A_second_process_is_refused()
    {
        var path = Path.Combine(_folder, "prices.journal");
        await using (RunJournal.Open(path))
        {
            using var process = SampleProcess.Start("Resume", path, "1");

            var (code, output) = await process.EndAsync();

            Assert.NotEqual(0, code);
            Assert.Equal("", output);
        }
    }

    /// <summary>Checks that no result of an earlier process is loaded again, and adds the results of this one.</summary>
    private static void Check(IEnumerable<string> lines, HashSet<int> returned)
    {
        var (before, loaded) = (returned.ToHashSet(), new List<int>());
        foreach (var words in lines.Select(line => line.Split(' ', ':')))
        {
            if (words is ["loading", var product])
            {
                loaded.Add(int.Parse(product, CultureInfo.InvariantCulture));
            }
            else if (words is [var result, "", var amount])
            {
                var number = int.Parse(result, CultureInfo.InvariantCulture);
                Assert.Equal((number * 1.5m).ToString(CultureInfo.CurrentCulture), amount);
                returned.Add(number);
            }
        }

        Assert.Empty(loaded.Intersect(before));
        Assert.Equal(loaded.Count, loaded.Distinct().Count());
    }
}
