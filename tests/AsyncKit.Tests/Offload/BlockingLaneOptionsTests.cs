namespace AsyncKit.Tests;

public sealed class BlockingLaneOptionsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void Defaults_are_as_documented()
    {
        var options = new BlockingLaneOptions { MaxThreads = 3 };

        Assert.Equal(("lane", 3), (options.Name, options.MaxThreads));
        Assert.Null(options.MaxQueued);
        Assert.Equal(WhenFull.Wait, options.WhenFull);
        Assert.Equal(TimeSpan.FromSeconds(20), options.IdleTimeout);
        Assert.Same(TimeProvider.System, options.TimeProvider);
        Assert.Null(options.Logger);
    }

    [Fact]
    public void A_value_out_of_range_throws_when_set_and_names_the_rule()
    {
        AssertThrows<ArgumentOutOfRangeException>("MaxThreads", () => new() { MaxThreads = 0 });
        AssertThrows<ArgumentException>("Name", () => new() { MaxThreads = 1, Name = "" });
        AssertThrows<ArgumentException>("Name", () => new() { MaxThreads = 1, Name = null! });
        AssertThrows<ArgumentOutOfRangeException>("MaxQueued", () => new() { MaxThreads = 1, MaxQueued = -1 });
        AssertThrows<ArgumentOutOfRangeException>("WhenFull", () => new() { MaxThreads = 1, WhenFull = (WhenFull)2 });
        AssertThrows<ArgumentOutOfRangeException>(
            "IdleTimeout", () => new() { MaxThreads = 1, IdleTimeout = TimeSpan.FromMilliseconds(-2) });
        AssertThrows<ArgumentOutOfRangeException>(
            "IdleTimeout", () => new() { MaxThreads = 1, IdleTimeout = TimeSpan.FromDays(50) });
        AssertThrows<ArgumentNullException>("TimeProvider", () => new() { MaxThreads = 1, TimeProvider = null! });
    }

    [Fact]
    public void The_limits_of_the_ranges_are_valid()
    {
        var options = new BlockingLaneOptions { MaxThreads = int.MaxValue, MaxQueued = 0, IdleTimeout = TimeSpan.Zero };

        Assert.Equal(Timeout.InfiniteTimeSpan, (options with { IdleTimeout = Timeout.InfiniteTimeSpan }).IdleTimeout);
    }

    private static void AssertThrows<TException>(string parameter, Func<BlockingLaneOptions> make)
        where TException : ArgumentException
    {
        var thrown = Assert.Throws<TException>(() => { _ = make(); });
        Assert.Equal(parameter, thrown.ParamName);
        Assert.StartsWith($"{parameter} must ", thrown.Message, StringComparison.Ordinal);
    }
}
