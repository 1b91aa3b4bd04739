namespace AsyncKit.Comparison.Tests;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(299, false)]
    [InlineData(300, true)]
    public void A_p99_needs_300_samples(int samples, bool exists)
    {
        var times = Percentiles.Of([.. Enumerable.Range(1, samples).Select(time => (double)time)])!;

        Assert.Equal(exists, times.P99 is not null);
        Assert.Equal(exists ? 297 : samples, times.Tail);
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(60, true)]
    public void A_p95_needs_60_samples(int samples, bool exists) =>
        Assert.Equal(
            exists, Percentiles.Of([.. Enumerable.Range(1, samples).Select(time => (double)time)])!.P95 is not null);

    [Fact]
    public void Nothing_measured_has_no_percentiles() => Assert.Null(Percentiles.Of([]));

    [Theory]
    [InlineData(new[] { 1.0, 1.1, 1.2 }, new[] { 1.15, 1.3, 1.4 }, true)] // The ranges overlap.
    [InlineData(new[] { 1.0, 1.1, 1.2 }, new[] { 1.3, 1.4, 1.5 }, false)]
    [InlineData(new[] { 1.0, 1.0, 1.0 }, new[] { 1.02, 1.02, 1.02 }, true)] // 3 % or less.
    [InlineData(new[] { 1.0 }, new[] { 1.09 }, true)] // A single round: 10 % or less.
    [InlineData(new[] { 1.0 }, new[] { 1.2 }, false)]
    public void A_difference_inside_the_noise_is_called_equal(double[] first, double[] second, bool isEqual)
    {
        Assert.Equal(isEqual, Reports.Variant("a", first).IsEqualTo(Reports.Variant("b", second)));
        Assert.Equal(isEqual, Reports.Variant("b", second).IsEqualTo(Reports.Variant("a", first)));
    }

    [Theory]
    [InlineData(new[] { 1.0, 1.0, 1.16 }, true)]
    [InlineData(new[] { 1.0, 1.0, 1.14 }, false)]
    [InlineData(new[] { 1.0 }, false)]
    public void A_median_is_noisy_if_the_rounds_differ_by_more_than_15_percent(double[] rounds, bool isNoisy) =>
        Assert.Equal(isNoisy, Reports.Variant("a", rounds).IsNoisy);
}
