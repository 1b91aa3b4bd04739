namespace AsyncKit.Tests;

public sealed class TimeTextTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData("00:00:00", "0 ms")]
    [InlineData("00:00:00.0000001", "0.0001 ms")]
    [InlineData("00:00:00.0012345", "1.23 ms")]
    [InlineData("00:00:00.0500000", "50 ms")]
    [InlineData("00:00:00.9999999", "999 ms")]
    [InlineData("00:00:01", "1 s")]
    [InlineData("00:00:01.2500000", "1.25 s")]
    [InlineData("00:00:12.3456789", "12.3 s")]
    [InlineData("00:00:59.9999999", "59.9 s")]
    [InlineData("00:01:00", "1 min")]
    [InlineData("00:01:30.9000000", "1 min 30 s")]
    [InlineData("01:00:59", "1 h")]
    [InlineData("02:05:00", "2 h 5 min")]
    [InlineData("1.00:00:00", "1 day")]
    [InlineData("49.03:00:00", "49 days 3 h")]
    [InlineData("-00:00:05", "-5 s")]
    [InlineData("-00:00:00.0010000", "infinite")] // Timeout.InfiniteTimeSpan
    [InlineData("-10675199.02:48:05.4775808", "-10675199 days 2 h")] // TimeSpan.MinValue
    public void A_time_in_a_message_has_a_unit(string time, string expected)
    {
        var value = TimeSpan.ParseExact(time, "c", null);

        var other = TimeSpan.FromMilliseconds(7);
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(() => Guards.InRange(value, other, other, "time"));
        Assert.StartsWith($"time must be from 7 ms to 7 ms; it was {expected}.", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_message_contains_the_text_of_a_time()
    {
        var log = new LogLines();

        Log.ShutdownDraining(log, TimeSpan.FromSeconds(90));

        Assert.Equal("Stopped taking new work; waiting up to 1 min 30 s for running work.", log.All[0].Text);
    }

    [Fact]
    public void A_value_slightly_above_its_limit_differs_from_the_limit_in_the_message()
    {
        var value = TimeSpan.FromHours(1) + TimeSpan.FromSeconds(30);

        var exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => Guards.InRange(value, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1)));

        Assert.Contains("value must be from 5 s to 1 h; it was 01:00:30.", exception.Message, StringComparison.Ordinal);
    }
}
