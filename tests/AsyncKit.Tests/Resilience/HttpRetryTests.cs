using System.Net;
using System.Net.Http;

namespace AsyncKit.Tests;

/// <summary>Retries of HttpClient requests to a server that fails.</summary>
public sealed class HttpRetryTests : IClassFixture<NothingLeftBehind>
{
    private const int Requests = 500;

    /// <summary>The first attempt of 20 % of the requests is answered with 503, and 5 % get no answer.</summary>
    [Fact]
    public async Task All_requests_succeed_with_retries_and_an_attempt_timeout()
    {
        using var server = new LoopbackServer((item, attempt) =>
            attempt > 1 ? LoopbackServer.Answer.Ok
            : item % 5 == 0 ? LoopbackServer.Answer.Busy
            : item % 20 == 1 ? LoopbackServer.Answer.Silence
            : LoopbackServer.Answer.Ok);
        using var client = new HttpClient { BaseAddress = server.Address };
        var hints = 0;
        Func<int, CancellationToken, Task<string>> get = (item, token) => GetAsync(client, item, token);
        var options = new RetryOptions
        {
            MaxAttempts = 20,
            Backoff = Backoff.None,
            AttemptTimeout = TimeSpan.FromSeconds(0.5),
            DelayHint = exception =>
            {
                var hint = exception.Data["Retry-After"] as TimeSpan?;
                _ = hint is null ? 0 : Interlocked.Increment(ref hints);
                return hint;
            },
        };

        var bodies = await Enumerable.Range(0, Requests).FanOutAsync(32, get.WithRetry(options)).OrHangs();

        Assert.Equal(Enumerable.Range(0, Requests).Select(item => $"item {item}"), bodies, StringComparer.Ordinal);
        Assert.InRange(hints, 1, Requests / 5); // An attempt that times out has no hint.
        Assert.True(server.Requests >= Requests + (Requests / 5) + (Requests / 20), $"{server.Requests} requests");
    }

    [Fact]
    public async Task A_budget_of_a_tenth_keeps_the_load_on_a_failing_server_below_115_percent()
    {
        using var server = new LoopbackServer((_, _) => LoopbackServer.Answer.Busy);
        using var client = new HttpClient { BaseAddress = server.Address };
        Func<int, CancellationToken, Task<string>> get = (item, token) => GetAsync(client, item, token);
        var budget = new RetryBudget(ratio: 0.1, minPerSecond: 0);
        var options = new RetryOptions { Backoff = Backoff.None, Budget = budget };

        var report = await Enumerable.Range(0, Requests).FanOutReportAsync(32, get.WithRetry(options)).OrHangs();

        Assert.Equal(Requests, report.Failures.Count());
        Assert.All(report.Failures, failure => Assert.Equal(
            HttpStatusCode.ServiceUnavailable, Assert.IsType<HttpRequestException>(failure.Exception).StatusCode));
        Assert.InRange(server.Requests, Requests + 1, (int)(Requests * 1.15));
    }

    private static async Task<string> GetAsync(HttpClient client, int item, CancellationToken token)
    {
        using var response = await client.GetAsync(new Uri($"{item}", UriKind.Relative), token);
        try
        {
            response.EnsureSuccessStatusCode();
        }
        catch (HttpRequestException exception) when (response.Headers.RetryAfter?.Delta is { } hint)
        {
            exception.Data["Retry-After"] = hint;
            throw;
        }

        return await response.Content.ReadAsStringAsync(token);
    }
}
