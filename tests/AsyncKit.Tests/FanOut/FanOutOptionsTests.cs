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

        Assert.Null(options.OnFailure);
        Assert.Same(TimeProvider.System, options.TimeProvider);
    }

    [Fact]
    public async Task An_unset_failure_mode_is_the_default_of_the_entry_point()
    {
        int[] items = [0, 1, 2, 3];
        foreach (var name in (string?[])[null, "unrelated"])
        {
            var options = new FanOutOptions { MaxConcurrency = 1, Name = name };

            await Assert.ThrowsAsync<FormatException>(() => items.FanOutAsync(options, FailAtOneAsync));
            var values = await ReadAsync(items.FanOutStream(options, FailAtOneAsync));
            var outcomes = await ReadAsync(items.FanOutOutcomes(options, FailAtOneAsync));
            var report = await items.FanOutReportAsync(options, FailAtOneAsync);

            Assert.Equal("0, FormatException", values);
            Assert.Equal(4, outcomes.Split(", ").Length);
            Assert.Equal((3, 1), (report.SucceededCount, report.FailedCount));
        }

        static async ValueTask<int> FailAtOneAsync(int item, CancellationToken token)
        {
            await Task.Yield();
            return item == 1 ? throw new FormatException() : item;
        }

        static async Task<string> ReadAsync<T>(IAsyncEnumerable<T> stream)
        {
            List<string> read = [];
            try
            {
                await foreach (var value in stream)
                {
                    read.Add($"{value}");
                }
            }
            catch (FormatException exception)
            {
                read.Add(exception.GetType().Name);
            }

            return string.Join(", ", read);
        }
    }

    [Fact]
    public void A_copy_is_validated_too()
    {
        var options = new FanOutOptions { MaxConcurrency = 4 };

        Assert.Equal(8, (options with { MaxConcurrency = 8 }).MaxConcurrency);
        Assert.Throws<ArgumentOutOfRangeException>(() => options with { MaxConcurrency = 0 });
    }
}
