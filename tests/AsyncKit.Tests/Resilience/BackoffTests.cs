using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>Delays as data, against their bounds.</summary>
public sealed class BackoffTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    private static readonly Arbitrary<(TimeSpan First, TimeSpan Max, int Seed)> Bounds = Arb.From(
        from magnitude in Gen.Choose(0, 15)
        from first in Gen.Choose(1, int.MaxValue)
        from factor in Gen.Choose(1, 1_000)
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        let least = TimeSpan.FromTicks(Math.Clamp(first >> magnitude << 1, 1, Longest.Ticks))
        select (least, TimeSpan.FromTicks(Math.Min(least.Ticks * factor, Longest.Ticks)), seed));

    [Fact]
    public void Exponential_draws_each_delay_from_the_first_to_three_times_the_one_before() =>
        Prop.ForAll(Bounds, bounds =>
        {
            var previous = bounds.First;
            foreach (var delay in Backoff.Exponential(bounds.First, bounds.Max).Delays(bounds.Seed).Take(100))
            {
                if (delay < bounds.First || delay > bounds.Max || delay > previous * 3)
                {
                    return false;
                }

                previous = delay;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Exponential_reaches_its_most_and_is_not_the_same_for_two_seeds()
    {
        var backoff = Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

        Assert.Contains(TimeSpan.FromSeconds(10), backoff.Delays(1).Take(100));
        Assert.NotEqual(backoff.Delays(1).Take(3), backoff.Delays(2).Take(3));
    }

    [Fact]
    public void Linear_is_the_steps_number_times_the_step_up_to_its_most() =>
        Prop.ForAll(Bounds, bounds => Backoff.Linear(bounds.First, bounds.Max).Delays(bounds.Seed).Take(50)
            .Select((delay, index) => delay.Ticks == Math.Min(bounds.First.Ticks * (index + 1), bounds.Max.Ticks))
            .All(isRight => isRight)).QuickCheckThrowOnFailure();

    [Fact]
    public void The_same_seed_gives_the_same_delays_each_time()
    {
        var delays = Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10)).Delays(seed: 1);

        Assert.Equal(delays.Take(20), delays.Take(20));
        Assert.Equal([], Backoff.None.Delays(1).Take(0));
        Assert.All(Backoff.None.Delays(1).Take(5), delay => Assert.Equal(TimeSpan.Zero, delay));
        Assert.All(Backoff.Constant(Longest).Delays(1).Take(5), delay => Assert.Equal(Longest, delay));
    }

    [Fact]
    public void The_longest_bounds_and_the_last_attempt_do_not_overflow()
    {
        var exponential = Backoff.Exponential(Longest, Longest);
        var linear = Backoff.Linear(Longest, Longest);

        Assert.Equal(Longest, exponential.Next(int.MaxValue, Longest, new Random(1)));
        Assert.Equal(Longest, linear.Next(int.MaxValue, Longest, new Random(1)));
    }

    [Fact]
    public void Bounds_that_are_no_bounds_are_refused()
    {
        var second = TimeSpan.FromSeconds(1);

        Assert.Equal("delay", Name(() => Backoff.Constant(-second)));
        Assert.Equal("delay", Name(() => Backoff.Constant(TimeSpan.MaxValue)));
        Assert.Equal("delay", Name(() => Backoff.Constant(Timeout.InfiniteTimeSpan)));
        Assert.Equal("step", Name(() => Backoff.Linear(-second, second)));
        Assert.Equal("max", Name(() => Backoff.Linear(second, second / 2)));
        Assert.Equal("first", Name(() => Backoff.Exponential(TimeSpan.Zero, second)));
        Assert.Equal("max", Name(() => Backoff.Exponential(second, second / 2)));

        static string? Name(Func<object> create) => Assert.Throws<ArgumentOutOfRangeException>(create).ParamName;
    }

    [Fact]
    public void It_says_what_it_is()
    {
        var second = TimeSpan.FromSeconds(1);

        Assert.Equal("None", Backoff.None.ToString());
        Assert.Equal("Constant(00:00:01)", Backoff.Constant(second).ToString());
        Assert.Equal("Linear(00:00:01, 00:00:02)", Backoff.Linear(second, second * 2).ToString());
        Assert.Equal("Exponential(00:00:01, 00:00:02)", Backoff.Exponential(second, second * 2).ToString());
    }
}
