using System.Text.Json;

namespace AsyncKit.Comparison.Tests;

public sealed class RunTests
{
    private static readonly int[] Numbers = [1, 2, 3, 4];

    [Theory]
    [InlineData("--rounds", "0")]
    [InlineData("--items", "x")]
    [InlineData("--scenario", "other")]
    [InlineData("--unknown", "1")]
    public async Task A_wrong_option_is_refused_with_exit_code_2(string option, string value) =>
        Assert.Equal(2, await Sum().RunAsync([option, value]));

    [Fact]
    public async Task Help_runs_nothing()
    {
        var isDescribed = false;
        var comparison = new Comparison("t").Scenario("sum", Numbers, _ => isDescribed = true);

        Assert.Equal(0, await comparison.RunAsync(["--help"]));
        Assert.False(isDescribed);
    }

    [Fact]
    public async Task An_output_folder_that_cannot_be_written_is_refused_with_exit_code_2() =>
        Assert.Equal(2, await Sum().RunAsync(["--out", Environment.ProcessPath!]));

    [Fact]
    public async Task A_cancelled_run_reports_what_it_measured_with_exit_code_130()
    {
        using var stop = new CancellationTokenSource();
        var folder = Directory.CreateTempSubdirectory("asynckit-comparison-");
        try
        {
            var comparison = new Comparison("t")
                .Scenario("sum", Numbers, scenario => scenario
                    .Baseline("one by one", (items, _) => Task.FromResult(items.Sum())))
                .Scenario("stops", Numbers, scenario => scenario
                    .Baseline("one by one", async (_, cancellationToken) =>
                    {
                        await stop.CancelAsync();
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                    }));

            Assert.Equal(130, await comparison.RunAsync(["--quick", "--out", folder.FullName], stop.Token));
            var text = await File.ReadAllTextAsync(Path.Combine(folder.FullName, "results.json"), CancellationToken.None);
            var results = JsonDocument.Parse(text).RootElement;
            Assert.True(results.GetProperty("interrupted").GetBoolean());
            Assert.Equal("sum", Assert.Single(results.GetProperty("scenarios").EnumerateArray()).GetProperty("name").GetString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Only_the_requested_scenario_and_items_run()
    {
        using var run = await Run.OfAsync(
            Sum().Scenario("other", Numbers, scenario => scenario
                .Baseline("sum", (items, _) => Task.FromResult(items.Sum()))
                .Verify<int>((items, sum) => items.Count == 2 && sum == 3 ? null : "not the first two items")),
            "--scenario", "other", "--items", "2");

        Assert.Equal(0, run.Exit);
        var scenario = Assert.Single(run.Json.GetProperty("scenarios").EnumerateArray());
        Assert.Equal("other", scenario.GetProperty("name").GetString());
        Assert.Equal(2, scenario.GetProperty("items").GetInt32());
    }

    [Fact]
    public async Task A_scenario_gets_the_settings_of_the_command_line()
    {
        ComparisonSettings? seen = null;
        using var run = await Run.OfAsync(
            new Comparison("t").Scenario(
                "sum",
                settings => Enumerable.Range(0, settings.Items ?? 1).ToArray(),
                scenario => scenario
                    .Baseline("sum", (items, _) => Task.FromResult((seen = scenario.Settings, items.Count).Count))
                    .Verify<int>((_, count) => count == 7 ? null : "not 7")),
            "--items", "7", "--concurrency", "5", "--latency-ms", "3");

        Assert.Equal(0, run.Exit);
        Assert.Equal((7, 5, 3, true), (seen!.Items, seen.Concurrency, seen.Latency.TotalMilliseconds, seen.IsQuick));
    }

    [Fact]
    public async Task Timed_items_give_percentiles_and_the_peak_load()
    {
        using var run = await Run.OfAsync(new Comparison("t").Scenario("wait", Numbers, scenario =>
        {
            scenario
                .Baseline("one by one", async (items, cancellationToken) =>
                {
                    foreach (var item in items)
                    {
                        await WorkAsync(Task.Delay(item, cancellationToken));
                    }
                })
                .Variant("all at once", async (items, _) =>
                {
                    var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    var all = Task.WhenAll(items.Select(_ => WorkAsync(release.Task)));
                    release.SetResult();
                    await all;
                });

            async Task WorkAsync(Task work)
            {
                using var timer = scenario.TimeItem();
                await work;
            }
        }));

        Assert.Equal(1, run.Variant("one by one").GetProperty("peakLoad").GetDouble());
        Assert.Equal(4, run.Variant("all at once").GetProperty("peakLoad").GetDouble());
        Assert.Equal(4, run.Variant("all at once").GetProperty("itemTimesMs").GetProperty("samples").GetInt32());
        Assert.Contains("| Peak load |", run.Markdown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_metric_is_read_after_each_round_before_it_is_cleaned_up()
    {
        var files = 0;
        using var run = await Run.OfAsync(new Comparison("t").Scenario("files", Numbers, scenario => scenario
            .EachRound((_, _) => Task.CompletedTask, () => Task.FromResult(files = 0))
            .Baseline("write", (items, _) => Task.FromResult(files = items.Count))
            .Metric("Files", "The files on the disk.", () => files)
            .Metric("Name", "The name of the first.", () => "a.txt")));

        Assert.Contains("| Files | Name |", run.Markdown, StringComparison.Ordinal);
        Assert.Contains("| 4 | a.txt |", run.Markdown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setup_and_cleanup_run_even_if_a_variant_throws()
    {
        var calls = new List<string>();
        using var run = await Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, scenario => scenario
            .Setup(_ => Called("before all"), () => Called("after all"))
            .EachRound((_, _) => Called("before"), () => Called("after"))
            .Baseline("throws", Task<int> (_, _) => throw new InvalidDataException("no file"))));

        Assert.Equal(["before all", "before", "after", "after all"], calls);

        Task Called(string name)
        {
            calls.Add(name);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task The_report_shows_the_source_text_of_a_variant()
    {
        using var run = await Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, scenario => scenario
            .Baseline(
                "one by one",
                (items, _) =>
                {
                    return Task.FromResult(items.Sum());
                })));

        var variant = run.Variant("one by one");
        Assert.Equal(
            "(items, _) =>\n{\n    return Task.FromResult(items.Sum());\n}", variant.GetProperty("code").GetString());
        Assert.Equal(4, variant.GetProperty("linesOfCode").GetInt32());
        Assert.Contains("<details><summary>The code of the variants</summary>", run.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scenario_without_ranking_has_no_speedup_and_compares_no_results()
    {
        using var run = await Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, scenario => scenario
            .WithoutRanking()
            .Baseline("one", (_, _) => Task.FromResult(1))
            .Variant("two", (_, _) => Task.FromResult(2))));

        Assert.Equal(0, run.Exit);
        Assert.Equal(JsonValueKind.Null, run.Variant("two").GetProperty("speedup").ValueKind);
    }

    [Fact]
    public async Task The_text_of_a_user_is_escaped()
    {
        using var run = await Run.OfAsync(new Comparison("<b>title</b>").Scenario("sum", Numbers, scenario => scenario
            .Question("a | b < c?")
            .Baseline("<i>", (items, _) => Task.FromResult(items.Sum()))));

        Assert.DoesNotContain("<b>title", run.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", run.Html, StringComparison.Ordinal);
        Assert.Contains("a \\| b &lt; c?", run.Markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_without_scenarios_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => { _ = new Comparison("t").RunAsync([]); });

    [Fact]
    public void A_second_scenario_of_the_same_name_is_refused() =>
        Assert.Throws<ArgumentException>(() => Sum().Scenario("sum", Numbers, _ => { }));

    [Fact]
    public void A_scenario_without_items_is_refused() =>
        Assert.Throws<ArgumentException>(() => new Comparison("t").Scenario<int>("sum", [], _ => { }));

    [Fact]
    public async Task A_scenario_without_a_variant_fails_the_run() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, _ => { })));

    [Fact]
    public async Task A_second_variant_of_the_same_name_fails_the_run() =>
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, scenario => scenario
                .Baseline("one", (_, _) => Task.CompletedTask)
                .Variant("one", (_, _) => Task.CompletedTask))));

    private static Comparison Sum() => new Comparison("t").Scenario("sum", Numbers, scenario => scenario
        .Baseline("one by one", (items, _) => Task.FromResult(items.Sum())));
}
