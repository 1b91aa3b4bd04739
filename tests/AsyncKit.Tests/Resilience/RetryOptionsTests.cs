namespace AsyncKit.Tests;

/// <summary>A wrong value cannot be stored, and what is built for an object is no part of its value.</summary>
public sealed class RetryOptionsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void Defaults_are_as_documented()
    {
        var options = new RetryOptions();

        Assert.Equal(4, options.MaxAttempts);
        Assert.Equal(Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10)), options.Backoff);
        Assert.Equal(TimeSpan.FromSeconds(30), options.MaxDelayHint);
        Assert.True(options.ShouldRetry(new TimeoutException()));
        Assert.Equal((null, null, null), (options.AttemptTimeout, options.TotalTimeout, options.Budget));
        Assert.Same(TimeProvider.System, options.TimeProvider);
    }

    [Fact]
    public void Each_value_is_checked_when_it_is_set()
    {
        var below = TimeSpan.FromTicks(-1);

        Range("MaxAttempts", 0, () => new RetryOptions { MaxAttempts = 0 });
        Range("AttemptTimeout", below, () => new RetryOptions { AttemptTimeout = below });
        Range("TotalTimeout", below, () => new RetryOptions { TotalTimeout = below });
        Range("MaxDelayHint", below, () => new RetryOptions { MaxDelayHint = below });
        Range("MaxDelayHint", TimeSpan.MaxValue, () => new RetryOptions { MaxDelayHint = TimeSpan.MaxValue });
        Assert.Equal("ShouldRetry", Assert.Throws<ArgumentNullException>(
            () => new RetryOptions { ShouldRetry = null! }).ParamName);
        Assert.Equal("TimeProvider", Assert.Throws<ArgumentNullException>(
            () => new RetryOptions { TimeProvider = null! }).ParamName);

        static void Range(string name, object value, Func<object> create)
        {
            var thrown = Assert.Throws<ArgumentOutOfRangeException>(create);
            Assert.Equal((name, value), (thrown.ParamName, thrown.ActualValue));
            Assert.StartsWith(name + " must", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Operations_that_share_an_object_share_what_is_built_for_it_and_a_copy_has_its_own()
    {
        var options = new RetryOptions { Backoff = Backoff.None, MaxAttempts = 2 };
        var engine = options.Engine();
        var copy = options with { MaxAttempts = 3 };
        var attempts = 0;

        await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(FailAsync, copy));

        Assert.Equal(3, attempts);
        Assert.Same(engine, options.Engine());
        Assert.NotSame(engine, copy.Engine());
        Assert.Equal(options, copy with { MaxAttempts = 2 });
        Assert.Equal(options.GetHashCode(), (copy with { MaxAttempts = 2 }).GetHashCode());

        Task FailAsync(CancellationToken token)
        {
            attempts++;
            throw new TimeoutException();
        }
    }
}
