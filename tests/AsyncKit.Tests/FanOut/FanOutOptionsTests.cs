namespace AsyncKit.Tests;

public sealed class FanOutOptionsTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_limit_below_one_throws_when_it_is_set(int limit)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            "MaxConcurrency", () => new FanOutOptions { MaxConcurrency = limit });

        Assert.Equal(limit, error.ActualValue);
        Assert.Contains("at least 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_failure_mode_throws_when_it_is_set() =>
        Assert.Throws<ArgumentOutOfRangeException>(
            "OnFailure", () => new FanOutOptions { MaxConcurrency = 1, OnFailure = (FailureMode)7 });

    [Fact]
    public void A_null_clock_throws_when_it_is_set() =>
        Assert.Throws<ArgumentNullException>(
            "TimeProvider", () => new FanOutOptions { MaxConcurrency = 1, TimeProvider = null! });

    [Fact]
    public void Defaults_are_as_documented()
    {
        var options = new FanOutOptions { MaxConcurrency = int.MaxValue };

        Assert.Equal(FailureMode.StopAtFirst, options.OnFailure);
        Assert.Same(TimeProvider.System, options.TimeProvider);
    }

    [Fact]
    public void A_copy_is_validated_too()
    {
        var options = new FanOutOptions { MaxConcurrency = 4 };

        Assert.Equal(8, (options with { MaxConcurrency = 8 }).MaxConcurrency);
        Assert.Throws<ArgumentOutOfRangeException>(() => options with { MaxConcurrency = 0 });
    }
}
