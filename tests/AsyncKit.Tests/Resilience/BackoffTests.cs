using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>The delays of each backoff, compared with its bounds.</summary>
public sealed class BackoffTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(49);

    private static readonly Arbitrary<(TimeSpan First, TimeSpan Max, int Seed)> Bounds = Arb.From(
        from magnitude in Gen.Choose(0, 15)
        from first in Gen.Choose(1, int.MaxValue)
        from factor in Gen.Choose(1, 1_000)
        from seed in Gen.Choose(int.MinValue, int.MaxValue)
        let lowest = TimeSpan.FromTicks(Math.Clamp(first >> magnitude << 1, 1, MaxDelay.Ticks))
        select (lowest, TimeSpan.FromTicks(Math.Min(lowest.Ticks * factor, MaxDelay.Ticks)), seed));

    [Fact]
    public void An_exponential_delay_is_between_the_first_and_three_times_the_previous_delay() =>
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
    public void Exponential_reaches_its_maximum_and_differs_between_two_seeds()
    {
        var backoff = Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

        Assert.Contains(TimeSpan.FromSeconds(10), backoff.Delays(1).Take(100));
        Assert.NotEqual(backoff.Delays(1).Take(3), backoff.Delays(2).Take(3));
    }

    [Fact]
    public void A_linear_delay_is_a_multiple_of_the_step_up_to_the_maximum() =>
        Prop.ForAll(Bounds, bounds => Backoff.Linear(bounds.First, bounds.Max).Delays(bounds.Seed).Take(50)
            .Select((delay, index) => delay.Ticks == Math.Min(bounds.First.Ticks * (index + 1), bounds.Max.Ticks))
            .All(isExpected => isExpected)).QuickCheckThrowOnFailure();

    [Fact]
    public void The_same_seed_yields_the_same_delays_each_time()
    {
        var delays = Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10)).Delays(seed: 1);

        Assert.Equal(delays.Take(20), delays.Take(20));
        Assert.Equal([], Backoff.None.Delays(1).Take(0));
        Assert.All(Backoff.None.Delays(1).Take(5), delay => Assert.Equal(TimeSpan.Zero, delay));
        Assert.All(Backoff.Constant(MaxDelay).Delays(1).Take(5), delay => Assert.Equal(MaxDelay, delay));
    }

    [Fact]
    public void The_longest_bounds_and_the_last_attempt_do_not_overflow()
    {
        var exponential = Backoff.Exponential(MaxDelay, MaxDelay);
        var linear = Backoff.Linear(MaxDelay, MaxDelay);

        Assert.Equal(MaxDelay, exponential.Next(int.MaxValue, MaxDelay, new Random(1)));
        Assert.Equal(MaxDelay, linear.Next(int.MaxValue, MaxDelay, new Random(1)));
    }

    [Fact]
    public void Invalid_bounds_are_rejected()
    {
        var second = TimeSpan.FromSeconds(1);

        Assert.Equal("delay", NameOf(() => Backoff.Constant(-second)));
        Assert.Equal("delay", NameOf(() => Backoff.Constant(TimeSpan.MaxValue)));
        Assert.Equal("delay", NameOf(() => Backoff.Constant(Timeout.InfiniteTimeSpan)));
        Assert.Equal("step", NameOf(() => Backoff.Linear(-second, second)));
        Assert.Equal("max", NameOf(() => Backoff.Linear(second, second / 2)));
        Assert.Equal("first", NameOf(() => Backoff.Exponential(TimeSpan.Zero, second)));
        Assert.Equal("max", NameOf(() => Backoff.Exponential(second, second / 2)));

        static string? NameOf(Func<object> create) => Assert.Throws<ArgumentOutOfRangeException>(create).ParamName;
    }

    [Fact]
    public void ToString_returns_the_kind_and_the_bounds()
    {
        var second = TimeSpan.FromSeconds(1);

        Assert.Equal("None", Backoff.None.ToString());
        Assert.Equal("Constant(00:00:01)", Backoff.Constant(second).ToString());
        Assert.Equal("Linear(00:00:01, 00:00:02)", Backoff.Linear(second, second * 2).ToString());
        Assert.Equal("Exponential(00:00:01, 00:00:02)", Backoff.Exponential(second, second * 2).ToString());
    }

    [Theory]
    [InlineData("None")]
    [InlineData("Constant(00:00:01)")]
    [InlineData("Linear(00:00:01, 00:00:10)")]
    [InlineData("Exponential(00:00:00.2000000, 1.00:00:00)")]
    public void The_text_of_a_backoff_is_read_again(string text)
    {
        Assert.Equal(text, Backoff.Parse(text, null).ToString());
        Assert.True(Backoff.TryParse($"  {text.ToUpperInvariant()} ", null, out var other));
        Assert.Equal(Backoff.Parse(text, null), other);
        Assert.Equal(other, System.ComponentModel.TypeDescriptor.GetConverter(typeof(Backoff)).ConvertFromInvariantString(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Fast")]
    [InlineData("None()")]
    [InlineData("Constant")]
    [InlineData("Constant()")]
    [InlineData("Constant(1)")]
    [InlineData("Constant(00:00:01, 00:00:02)")]
    [InlineData("Linear(00:00:01)")]
    [InlineData("Linear(00:00:01, 00:00:02")]
    [InlineData("Linear(00:00:01, 00:00:02) x")]
    public void A_text_of_another_form_is_refused(string text)
    {
        Assert.False(Backoff.TryParse(text, null, out var backoff));
        Assert.Equal(Backoff.None, backoff);
        Assert.Contains($"it was '{text}'", Assert.Throws<FormatException>(() => Backoff.Parse(text, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_with_times_outside_their_range_is_refused()
    {
        Assert.False(Backoff.TryParse("Linear(00:00:02, 00:00:01)", null, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => Backoff.Parse("Exponential(00:00:00, 00:00:01)", null));
        Assert.Throws<ArgumentNullException>(() => Backoff.Parse(null!, null));
        Assert.False(Backoff.TryParse(null, null, out _));
    }
}
