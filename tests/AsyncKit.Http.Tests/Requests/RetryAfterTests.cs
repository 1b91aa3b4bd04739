using System.Net.Http.Headers;

namespace AsyncKit.Http.Tests;

public sealed class RetryAfterTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void A_delay_in_seconds_is_returned()
    {
        using var response = new HttpResponseMessage();
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));

        Assert.Equal(TimeSpan.FromSeconds(7), RetryAfter.Of(response));
    }

    [Fact]
    public void A_date_is_relative_to_the_clock_and_a_past_date_or_a_negative_delay_is_no_hint()
    {
        var time = new VirtualTime();
        using var response = new HttpResponseMessage();
        response.Headers.RetryAfter = new RetryConditionHeaderValue(time.GetUtcNow() + TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.FromMinutes(2), RetryAfter.Of(response, time));

        response.Headers.RetryAfter = new RetryConditionHeaderValue(time.GetUtcNow() - TimeSpan.FromMinutes(2));
        Assert.Null(RetryAfter.Of(response, time));

        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(-1));
        Assert.Null(RetryAfter.Of(response, time));

        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, RetryAfter.Of(response, time));
    }

    [Fact]
    public void A_missing_header_returns_null()
    {
        using var response = new HttpResponseMessage();

        Assert.Null(RetryAfter.Of(response));
        Assert.Null(RetryAfter.Of(RetryAfter.Failure(response, TimeProvider.System)));
        Assert.Null(RetryAfter.Of(new InvalidOperationException()));
    }

    [Fact]
    public void The_exception_of_a_response_carries_its_delay()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
        {
            RequestMessage = new HttpRequestMessage(HttpMethod.Get, "http://example.org/a"),
        };
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(3));

        var failure = RetryAfter.Failure(response, TimeProvider.System);

        Assert.Equal(TimeSpan.FromSeconds(3), RetryAfter.Of(failure));
        Assert.Equal("http://example.org/a returned 503 (Service Unavailable).", failure.Message);
        Assert.True(Transient.IsTransient(failure));
    }
}
