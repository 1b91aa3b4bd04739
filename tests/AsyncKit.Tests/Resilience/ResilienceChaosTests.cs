using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Random options, failures, delays and cancellations. One seed reproduces one scenario.</summary>
public sealed class ResilienceChaosTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions ThousandSchedules = new() { Schedules = World.Schedules(1_000) };

    [Fact]
    public void Attempts_total_time_and_cancellation_stay_within_limits_and_no_exception_is_unobserved() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            using var caller = new CancellationTokenSource(
                random.Next(3) == 0 ? Seconds(0, 8) : Timeout.InfiniteTimeSpan, context.Time);
            var operations = Enumerable.Range(0, random.Next(1, 4))
                .Select(_ => new Scenario(context, caller).RunAsync())
                .ToList();

            await Task.WhenAll(operations);

            TimeSpan Seconds(int min, int max) => TimeSpan.FromMilliseconds(random.Next(min * 1_000, max * 1_000));
        }, ThousandSchedules);

    private sealed class Scenario
    {
        private readonly Random _random;
        private readonly VirtualTime _time;
        private readonly CancellationTokenSource _caller;
        private readonly RetryOptions _options;
        private readonly bool _ignoresToken;
        private readonly bool _hasGracePeriod;
        private int _attempts;
        private TimeSpan _cancelledAt = TimeSpan.MaxValue;

        public Scenario(AsyncTestContext context, CancellationTokenSource caller)
        {
            (_random, _time, _caller) = (context.Random, context.Time, caller);
            _options = new RetryOptions
            {
                MaxAttempts = _random.Next(1, 6),
                Backoff = _random.Next(4) switch
                {
                    0 => Backoff.None,
                    1 => Backoff.Constant(RandomTime(2_000)),
                    2 => Backoff.Linear(RandomTime(500), TimeSpan.FromSeconds(1)),
                    _ => Backoff.Exponential(RandomTime(200), TimeSpan.FromSeconds(3)),
                },
                AttemptTimeout = _random.Next(2) == 0 ? null : RandomTime(3_000),
                TotalTimeout = _random.Next(2) == 0 ? null : RandomTime(8_000),
                DelayHint = _random.Next(3) == 0 ? _ => _random.Next(2) == 0 ? null : RandomTime(3_000) : null,
                Budget = _random.Next(4) == 0 ? new RetryBudget(1, 0) : null,
            };
            _ignoresToken = _random.Next(4) == 0;
            _hasGracePeriod = !_ignoresToken && _random.Next(4) == 0;
            caller.Token.UnsafeRegister(_ => _cancelledAt = _time.Elapsed, null);
        }

        public async Task RunAsync()
        {
            var startedAt = _time.Elapsed;
            var run = _hasGracePeriod
                ? Deadline.RunAsync(
                    token => Retry.RunAsync(AttemptAsync, _options, token),
                    new DeadlineOptions { Limit = RandomTime(6_000), GracePeriod = RandomTime(100) },
                    _caller.Token).AsTask()
                : Retry.RunAsync(AttemptAsync, _options, _caller.Token).AsTask();
            await Task.WhenAny(run);
            var completedAt = _time.Elapsed;

            Assert.InRange(_attempts, _caller.IsCancellationRequested ? 0 : 1, _options.MaxAttempts);
            if (!_ignoresToken)
            {
                Assert.True(
                    completedAt - startedAt <= (_options.TotalTimeout ?? TimeSpan.MaxValue),
                    $"The run took {completedAt - startedAt}; the limit was {_options.TotalTimeout}.");
                Assert.True(
                    completedAt <= _cancelledAt || startedAt > _cancelledAt,
                    $"The caller cancelled at {_cancelledAt}; the run completed at {completedAt}.");
            }

            if (run.IsCanceled)
            {
                Assert.True(_caller.IsCancellationRequested);
                var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
                Assert.Equal(_caller.Token, thrown.CancellationToken);
            }
            else if (run.Exception?.InnerException is { } failure)
            {
                Assert.True(failure is TimeoutException or HttpRequestException or FormatException, failure.ToString());
                if (failure is FormatException || !_hasGracePeriod)
                {
                    Assert.Equal(_attempts, failure.Data["AsyncKit.Attempts"] ?? _attempts);
                }
            }
        }

        private async Task<int> AttemptAsync(CancellationToken token)
        {
            var attempt = ++_attempts;
            var observed = _ignoresToken ? CancellationToken.None : token;
            switch (_random.Next(6))
            {
                case 0:
                    throw new HttpRequestException("synchronous");
                case 1:
                    await Task.Delay(RandomTime(2_000), _time, observed);
                    throw new HttpRequestException("asynchronous");
                case 2 when _random.Next(3) == 0:
                    await Task.Yield();
                    throw new FormatException("permanent");
                case 3 when !_ignoresToken && (_options.AttemptTimeout ?? _options.TotalTimeout) is not null:
                    await Task.Delay(Timeout.Infinite, token);
                    break;
                case 4:
                    await Task.Delay(RandomTime(5_000), _time, observed);
                    break;
            }

            return attempt;
        }

        private TimeSpan RandomTime(int maxMilliseconds) => TimeSpan.FromMilliseconds(_random.Next(1, maxMilliseconds));
    }
}
