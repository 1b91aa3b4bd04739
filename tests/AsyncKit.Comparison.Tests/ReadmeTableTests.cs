using AsyncKit.Benchmarks;

namespace AsyncKit.Comparison.Tests;

public sealed class ReadmeTableTests
{
    private const string Results = """
        {
          "createdAt": "2026-01-02T03:04:05+00:00",
          "machine": { "os": "Linux", "cpu": "CPU", "cores": 2, "dotnet": ".NET 10" },
          "options": { "latencyMs": 25 },
          "scenarios": [{ "name": "http", "items": 200, "variants": [
            { "name": "fast", "atOnce": "all", "isEmphasized": false, "verified": true, "medianSeconds": 0.2, "speedup": 35,
              "peakLoad": 200, "poolLatencyMs": { "p99": null, "max": 12 } },
            { "name": "slow", "atOnce": "1", "isEmphasized": false, "verified": true, "medianSeconds": 7, "speedup": 1,
              "peakLoad": 1, "poolLatencyMs": { "p99": 0.2, "max": 3 } },
            { "name": "ours", "atOnce": "32", "isEmphasized": true, "verified": true, "medianSeconds": 0.4, "speedup": 17.5,
              "peakLoad": 32, "poolLatencyMs": { "p99": 1.5, "max": 2 } },
            { "name": "broken", "atOnce": "32", "isEmphasized": false, "verified": false, "medianSeconds": null,
              "speedup": null, "peakLoad": null, "poolLatencyMs": null }
          ] }]
        }
        """;

    [Fact]
    public void The_table_has_every_variant_the_slowest_first() =>
        Assert.Equal(
            """
            | 200 pages over HTTP, 25 ms each, every tenth 125 ms | At once | Time | Speed-up | Peak load | Pool latency |
            |---|---:|---:|---:|---:|---:|
            | slow | 1 | 7.00 s | 1.0x | 1 | 0.20 ms |
            | **ours** | 32 | 0.40 s | 17.5x | 32 | 1.50 ms |
            | fast | all | 0.20 s | 35.0x | 200 | 12 ms max |
            | broken | 32 | wrong | - | - | - |

            Measured on 2026-01-02 with 2 cores (CPU), Linux, .NET 10.
            """.ReplaceLineEndings("\n"),
            ReadmeTable.Create(Results));

    [Fact]
    public void The_table_replaces_the_text_between_the_markers() =>
        Assert.Equal(
            $"before\n<!-- comparison -->\n{ReadmeTable.Create(Results)}\n<!-- /comparison -->\nafter",
            ReadmeTable.Insert("before\n<!-- comparison -->\nold\n<!-- /comparison -->\nafter", Results));

    [Fact]
    public void A_readme_without_markers_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => ReadmeTable.Insert("before", Results));

    [Fact]
    public void The_readme_has_the_table_of_the_committed_results()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var readme = File.ReadAllText(Path.Combine(root, "README.md"));

        Assert.Equal(
            ReadmeTable.Insert(readme, File.ReadAllText(Path.Combine(root, "benchmarks/results/results.json"))), readme);
    }
}
