namespace AsyncKit.Diagnostics.Tests;

/// <summary>The ranges and defaults of the options.</summary>
public sealed class BlockingDetectorOptionsTests : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<Func<BlockingDetectorOptions>, string> Invalid => new()
    {
        { () => new() { WaitThreshold = TimeSpan.FromTicks(-1) }, nameof(BlockingDetectorOptions.WaitThreshold) },
        { () => new() { PoolLatencyThreshold = TimeSpan.Zero }, nameof(BlockingDetectorOptions.PoolLatencyThreshold) },
        { () => new() { PrefixThreshold = TimeSpan.FromTicks(-1) }, nameof(BlockingDetectorOptions.PrefixThreshold) },
        { () => new() { ProbeInterval = TimeSpan.Zero }, nameof(BlockingDetectorOptions.ProbeInterval) },
        { () => new() { ProbeInterval = TimeSpan.FromHours(2) }, nameof(BlockingDetectorOptions.ProbeInterval) },
        { () => new() { ReportInterval = TimeSpan.FromTicks(-1) }, nameof(BlockingDetectorOptions.ReportInterval) },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_invalid_value_throws_when_it_is_set(Func<BlockingDetectorOptions> create, string member)
    {
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(create);

        Assert.Equal(member, thrown.ParamName);
        Assert.StartsWith(member + " must", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_null_clock_throws() =>
        Assert.Equal("TimeProvider", Assert.Throws<ArgumentNullException>(
            () => new BlockingDetectorOptions { TimeProvider = null! }).ParamName);

    [Fact]
    public void A_threshold_may_be_infinite_and_the_defaults_match_the_documentation()
    {
        var none = new BlockingDetectorOptions
        {
            WaitThreshold = Timeout.InfiniteTimeSpan,
            PoolLatencyThreshold = Timeout.InfiniteTimeSpan,
            PrefixThreshold = Timeout.InfiniteTimeSpan,
        };
        Assert.Equal(Timeout.InfiniteTimeSpan, none.WaitThreshold);

        var usual = new BlockingDetectorOptions();
        Assert.Equal(
            (100.0, 250.0, 100.0, 100.0, 60_000.0),
            (usual.WaitThreshold.TotalMilliseconds, usual.PoolLatencyThreshold.TotalMilliseconds,
                usual.PrefixThreshold.TotalMilliseconds, usual.ProbeInterval.TotalMilliseconds,
                usual.ReportInterval.TotalMilliseconds));
    }

    [Fact]
    public void Start_without_options_throws() =>
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(() => BlockingDetector.Start(null!)).ParamName);
}
