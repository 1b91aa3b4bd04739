namespace AsyncKit.Comparison.Tests;

public sealed class AnswerTests
{
    private static readonly VariantReport Baseline = Reports.Variant("one by one", [10], isBaseline: true);
    private static readonly VariantReport Ours = Reports.Variant("ours", [1], peakLoad: 16, isEmphasized: true);

    [Fact]
    public void The_answer_is_about_the_emphasized_variant() =>
        Assert.Equal(
            "ours is 10x as fast as one by one: 1.00 s instead of 10.00 s.",
            Answers.Of(Reports.Scenario(Baseline, Reports.Variant("fast", [0.5]), Ours), ""));

    [Fact]
    public void A_template_gets_the_measured_values() =>
        Assert.Equal(
            "10x, 1.00 s, 16, 1.00 ms.",
            Answers.Of(
                Reports.Scenario(Baseline, Ours), "{speedup:ours}, {time:ours}, {Peak load:ours}, {pool:ours}."));

    [Fact]
    public void A_template_about_a_variant_that_is_wrong_is_not_used() =>
        Assert.Equal(
            "No right variant to compare with the baseline.",
            Answers.Of(
                Reports.Scenario(Baseline, Ours with { Verified = false, Error = "wrong" }), "{speedup:ours}"));

    [Fact]
    public void A_faster_variant_is_named_with_its_price() =>
        Assert.Equal(
            "all at once is 2.0x as fast as ours, with a peak load of 200 instead of 16.",
            Answers.Faster(Reports.Scenario(Baseline, Ours, Reports.Variant("all at once", [0.5], peakLoad: 200))));

    [Fact]
    public void The_overview_names_the_fastest_variant_and_counts_the_others() =>
        Assert.Equal(
            "all at once, 2.0x: peak load 200 instead of 16 (1 more below)",
            Answers.Fastest(Reports.Scenario(
                Baseline,
                Reports.Variant("others", [0.8]),
                Ours,
                Reports.Variant("all at once", [0.5], peakLoad: 200))));

    [Fact]
    public void A_wrong_variant_is_neither_faster_nor_equal()
    {
        var wrong = Reports.Variant("wrong", [0.1]) with { Verified = false, Error = "lost" };
        var scenario = Reports.Scenario(Baseline, Ours, wrong, wrong with { Rounds = [1], MedianSeconds = 1 });

        Assert.Null(Answers.Faster(scenario));
        Assert.Null(Answers.Equal(scenario));
    }

    [Fact]
    public void A_variant_within_the_noise_is_called_equal() =>
        Assert.Equal(
            "Equal within the noise: by hand.",
            Answers.Equal(Reports.Scenario(Baseline, Ours, Reports.Variant("by hand", [0.98]))));

    [Fact]
    public void A_difference_that_is_written_1_0x_is_equal() =>
        Assert.Equal(
            "Equal within the noise: by hand.",
            Answers.Equal(Reports.Scenario(
                Baseline, Reports.Variant("ours", [1, 1.001], isEmphasized: true), Reports.Variant("by hand", [0.96, 0.961]))));

    [Theory]
    [InlineData(0.99, "nothing beyond the noise")]
    [InlineData(1.01, "nothing")]
    [InlineData(1.5, "nothing")]
    public void The_overview_separates_noise_from_a_faster_variant(double seconds, string expected) =>
        Assert.Equal(expected, Answers.Fastest(Reports.Scenario(Baseline, Ours, Reports.Variant("by hand", [seconds]))));
}
