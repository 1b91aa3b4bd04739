using AsyncKit.Tests;

namespace AsyncKit.Comparison.Tests;

public sealed class CompareYourOwnTests
{
    [Fact]
    public async Task The_sample_compares_three_variants_on_80_columns()
    {
        var folder = Directory.CreateTempSubdirectory("asynckit-comparison-");
        try
        {
            using var sample = SampleProcess.Start("CompareYourOwn", "--quick", "--out", folder.FullName);
            var (code, output) = await sample.EndAsync();

            Assert.Equal(0, code);
            Assert.Contains("16 at once is ", output, StringComparison.Ordinal);
            Assert.Contains("all at once", output, StringComparison.Ordinal);
            Assert.DoesNotContain("WRONG", output, StringComparison.Ordinal);
            Assert.All(
                output.Split('\n').Where(line => !line.StartsWith(folder.FullName, StringComparison.Ordinal)),
                line => Assert.InRange(line.Length, 0, 80));
            Assert.Equal(
                "report.html, report.md, results.json",
                string.Join(", ", folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
