namespace AsyncKit.Tests;

/// <summary>Options reject invalid values, and equality ignores the engine that an instance caches.</summary>
public sealed class RetryOptionsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void Defaults_match_the_documentation()
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
    public void A_value_is_validated_when_it_is_set()
    {
        var negative = TimeSpan.FromTicks(-1);

        AssertRejected("MaxAttempts", 0, () => new RetryOptions { MaxAttempts = 0 });
        AssertRejected("AttemptTimeout", negative, () => new RetryOptions { AttemptTimeout = negative });
        AssertRejected("TotalTimeout", negative, () => new RetryOptions { TotalTimeout = negative });
        AssertRejected("MaxDelayHint", negative, () => new RetryOptions { MaxDelayHint = negative });
        AssertRejected("MaxDelayHint", TimeSpan.MaxValue, () => new RetryOptions { MaxDelayHint = TimeSpan.MaxValue });
        Assert.Equal("ShouldRetry", Assert.Throws<ArgumentNullException>(
            () => new RetryOptions { ShouldRetry = null! }).ParamName);
        Assert.Equal("TimeProvider", Assert.Throws<ArgumentNullException>(
            () => new RetryOptions { TimeProvider = null! }).ParamName);

        static void AssertRejected(string name, object value, Func<object> create)
        {
            var thrown = Assert.Throws<ArgumentOutOfRangeException>(create);
            Assert.Equal((name, value), (thrown.ParamName, thrown.ActualValue));
            Assert.StartsWith(name + " must", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Operations_share_the_engine_of_an_options_instance_and_a_copy_has_its_own()
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
