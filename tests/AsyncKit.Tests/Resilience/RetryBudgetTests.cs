using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The exact number of retries that a budget permits.</summary>
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
    public void An_operation_adds_the_ratio_and_the_budget_saves_at_most_100_retries(
        double ratio, int operations, int retries)
    {
        var budget = new RetryBudget(ratio, minPerSecond: 0);
        for (var i = 0; i < operations; i++)
        {
            budget.OnOperation();
        }

        Assert.Equal(retries, TakeAll(budget));
    }

    [Fact]
    public void The_free_retries_are_renewed_each_second()
    {
        var time = new VirtualTime();
        var budget = new RetryBudget(ratio: 0, minPerSecond: 3, time);

        Assert.Equal(3, TakeAll(budget));
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, TakeAll(budget));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, TakeAll(budget));
        time.Advance(TimeSpan.FromDays(1_000));
        Assert.Equal(3, TakeAll(budget));
    }

    [Fact]
    public void Values_outside_their_range_are_rejected()
    {
        Assert.Equal("ratio", NameOf(() => new RetryBudget(-0.1, 0)));
        Assert.Equal("ratio", NameOf(() => new RetryBudget(10.1, 0)));
        Assert.Equal("ratio", NameOf(() => new RetryBudget(double.NaN, 0)));
        Assert.Equal("minPerSecond", NameOf(() => new RetryBudget(0, -1)));
        Assert.Equal("minPerSecond", NameOf(() => new RetryBudget(0, 1_000_001)));

        static string? NameOf(Func<object> create) => Assert.Throws<ArgumentOutOfRangeException>(create).ParamName;
    }

    private static int TakeAll(RetryBudget budget)
    {
        var taken = 0;
        while (budget.TryTake())
        {
            taken++;
        }

        return taken;
    }
}
