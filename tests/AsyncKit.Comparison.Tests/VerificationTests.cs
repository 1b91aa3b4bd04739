using System.Text.Json;

namespace AsyncKit.Comparison.Tests;

public sealed class VerificationTests
{
    private static readonly int[] Numbers = [1, 2, 3, 4];

    [Fact]
    public async Task A_wrong_variant_is_reported_and_not_ranked_and_the_exit_code_is_1()
    {
        using var run = await Run.OfAsync(Squares(items => items.Select(item => item == 3 ? 8 : item * item)));

        Assert.Equal(1, run.Exit);
        var variant = run.Variant("other");
        Assert.False(variant.GetProperty("verified").GetBoolean());
        Assert.Equal("result 2 is '8' instead of '9'", variant.GetProperty("error").GetString());
        Assert.Equal(JsonValueKind.Null, variant.GetProperty("speedup").ValueKind);
        Assert.Contains("**WRONG: squares, other: result 2 is '8' instead of '9'**", run.Markdown, StringComparison.Ordinal);
        Assert.Contains("| other | **WRONG** |", run.Markdown, StringComparison.Ordinal);
        Assert.DoesNotContain("other is", run.Markdown, StringComparison.Ordinal);
        Assert.Contains("WRONG: result 2 is", run.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_right_variant_has_a_speedup_and_the_exit_code_is_0()
    {
        using var run = await Run.OfAsync(Squares(items => items.Select(item => item * item)));

        Assert.Equal(0, run.Exit);
        Assert.True(run.Variant("other").GetProperty("verified").GetBoolean());
        Assert.Equal(JsonValueKind.Number, run.Variant("other").GetProperty("speedup").ValueKind);
    }

    [Theory]
    [InlineData(1, "1 results instead of 4")]
    [InlineData(0, "0 results instead of 4")]
    public async Task A_result_with_missing_items_is_wrong(int count, string error)
    {
        using var run = await Run.OfAsync(Squares(items => items.Select(item => item * item).Take(count)));

        Assert.Equal(error, run.Variant("other").GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_variant_that_throws_is_wrong_and_the_others_are_measured()
    {
        using var run = await Run.OfAsync(
            new Comparison("t").Scenario("squares", Numbers, scenario => scenario
                .Baseline("one by one", (items, _) => Task.FromResult(items.Sum()))
                .Variant("throws", Task<int> (_, _) => throw new InvalidDataException("no file"))
                .Variant("right", (items, _) => Task.FromResult(items.Sum()))));

        Assert.Equal(1, run.Exit);
        Assert.Equal("threw InvalidDataException: no file", run.Variant("throws").GetProperty("error").GetString());
        Assert.True(run.Variant("right").GetProperty("verified").GetBoolean());
    }

    [Fact]
    public async Task No_variant_is_right_if_the_baseline_is_wrong()
    {
        using var run = await Run.OfAsync(
            new Comparison("t").Scenario("squares", Numbers, scenario => scenario
                .Baseline("one by one", Task<int> (items, _) => items.Count == 4
                    ? throw new InvalidDataException("no file")
                    : Task.FromResult(0))
                .Variant("other", (items, _) => Task.FromResult(items.Sum()))));

        Assert.Equal(1, run.Exit);
        Assert.Equal(
            "not verified, because the baseline is wrong", run.Variant("other").GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_key_decides_which_results_are_the_same()
    {
        using var right = await Run.OfAsync(ByKey("a2"));
        using var wrong = await Run.OfAsync(ByKey("b2"));

        Assert.Equal(0, right.Exit);
        Assert.Equal("result 0 is 'b2' instead of 'a1'", wrong.Variant("other").GetProperty("error").GetString());

        static Comparison ByKey(string other) => new Comparison("t").Scenario("names", Numbers, scenario => scenario
            .Baseline("one by one", (_, _) => Task.FromResult(new[] { "a1" }))
            .Variant("other", (_, _) => Task.FromResult(new[] { other }))
            .SameBy((string name) => name[0]));
    }

    [Fact]
    public async Task A_comparer_decides_which_results_are_the_same()
    {
        using var run = await Run.OfAsync(new Comparison("t").Scenario("names", Numbers, scenario => scenario
            .Baseline("one by one", (_, _) => Task.FromResult("A"))
            .Variant("other", (_, _) => Task.FromResult("a"))
            .SameBy(StringComparer.OrdinalIgnoreCase)));

        Assert.Equal(0, run.Exit);
    }

    [Fact]
    public async Task A_variant_without_a_result_is_checked_after_each_round()
    {
        var written = new List<int>();
        using var run = await Run.OfAsync(new Comparison("t").Scenario("writes", Numbers, scenario => scenario
            .EachRound((_, _) =>
            {
                written.Clear();
                return Task.CompletedTask;
            })
            .Baseline("one by one", (items, _) =>
            {
                written.AddRange(items);
                return Task.CompletedTask;
            })
            .Variant("loses one", (items, _) =>
            {
                written.AddRange(items.Skip(1));
                return Task.CompletedTask;
            })
            .Verify(items => written.Count == items.Count ? null : $"{written.Count} written")));

        Assert.True(run.Variant("one by one").GetProperty("verified").GetBoolean());
        Assert.Equal("3 written", run.Variant("loses one").GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_check_sees_the_result_of_the_baseline()
    {
        using var run = await Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, scenario => scenario
            .Baseline("one by one", (items, _) => Task.FromResult(items.Sum() + 1))
            .Verify<int>((items, sum) => sum == items.Sum() ? null : "wrong sum")));

        Assert.Equal("wrong sum", run.Variant("one by one").GetProperty("error").GetString());
    }

    [Fact]
    public async Task An_inspection_fails_an_emphasized_variant()
    {
        using var run = await Run.OfAsync(new Comparison("t").Scenario("sum", Numbers, scenario => scenario
            .Baseline("one by one", (items, _) => Task.FromResult(items.Sum()))
            .Variant("ours", (items, _) => Task.FromResult(items.Sum()), new VariantNotes { IsEmphasized = true })
            .Inspect(async (work, cancellationToken) =>
            {
                await work(cancellationToken);
                return "it blocks";
            })));

        Assert.Equal("it blocks", run.Variant("ours").GetProperty("error").GetString());
        Assert.True(run.Variant("one by one").GetProperty("verified").GetBoolean());
    }

    private static Comparison Squares(Func<IEnumerable<int>, IEnumerable<int>> other) =>
        new Comparison("t").Scenario("squares", Numbers, scenario => scenario
            .Baseline("one by one", (items, _) => Task.FromResult(items.Select(item => item * item).ToList()))
            .Variant("other", (items, _) => Task.FromResult(other(items).ToArray())));
}
