using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>How many retries there are, to the last one.</summary>
public sealed class RetryBudgetTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData(0.1, 100, 10)]
    [InlineData(0.29, 100, 29)]
    [InlineData(0.0001, 10_000, 1)]
    [InlineData(0, 1_000, 0)]
    [InlineData(10, 1, 10)]
    [InlineData(10, 11, 100)]
    [InlineData(0.1, 100_000, 100)]
    public void Every_operation_adds_the_ratio_every_retry_takes_1_and_at_the_most_100_are_saved(
        double ratio, int operations, int retries)
    {
        var budget = new RetryBudget(ratio, minPerSecond: 0);
        for (var i = 0; i < operations; i++)
        {
            budget.OnOperation();
        }

        Assert.Equal(retries, Taken(budget));
    }

    [Fact]
    public void Some_retries_are_free_in_each_second()
    {
        var time = new VirtualTime();
        var budget = new RetryBudget(ratio: 0, minPerSecond: 3, time);

        Assert.Equal(3, Taken(budget));
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, Taken(budget));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, Taken(budget));
        time.Advance(TimeSpan.FromDays(1_000));
        Assert.Equal(3, Taken(budget));
    }

    [Fact]
    public void Values_that_are_out_of_range_are_refused()
    {
        Assert.Equal("ratio", Name(() => new RetryBudget(-0.1, 0)));
        Assert.Equal("ratio", Name(() => new RetryBudget(10.1, 0)));
        Assert.Equal("ratio", Name(() => new RetryBudget(double.NaN, 0)));
        Assert.Equal("minPerSecond", Name(() => new RetryBudget(0, -1)));
        Assert.Equal("minPerSecond", Name(() => new RetryBudget(0, 1_000_001)));

        static string? Name(Func<object> create) => Assert.Throws<ArgumentOutOfRangeException>(create).ParamName;
    }

    private static int Taken(RetryBudget budget)
    {
        var taken = 0;
        while (budget.TryTake())
        {
            taken++;
        }

        return taken;
    }
}
