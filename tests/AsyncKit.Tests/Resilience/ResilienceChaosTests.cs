using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Failures, delays and cancellations at random, the options too: one seed, one story.</summary>
public sealed class ResilienceChaosTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions OneThousand = new() { Schedules = 1_000 };

    [Fact]
    public void Attempts_total_time_and_the_end_by_the_caller_are_kept_and_nothing_is_unobserved() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            using var caller = new CancellationTokenSource(
                random.Next(3) == 0 ? Seconds(0, 8) : Timeout.InfiniteTimeSpan, context.Time);
            var operations = Enumerable.Range(0, random.Next(1, 4))
                .Select(_ => new Story(context, caller).RunAsync())
                .ToList();

            await Task.WhenAll(operations);

            TimeSpan Seconds(int least, int most) => TimeSpan.FromMilliseconds(random.Next(least * 1_000, most * 1_000));
        }, OneThousand);

    private sealed class Story
    {
        private readonly Random _random;
        private readonly VirtualTime _time;
        private readonly CancellationTokenSource _caller;
        private readonly RetryOptions _options;
        private readonly bool _isStubborn;
        private readonly bool _isAbandoned;
        private int _attempts;
        private TimeSpan _cancelledAt = TimeSpan.MaxValue;

        public Story(AsyncTestContext context, CancellationTokenSource caller)
        {
            (_random, _time, _caller) = (context.Random, context.Time, caller);
            _options = new RetryOptions
            {
                MaxAttempts = _random.Next(1, 6),
                Backoff = _random.Next(4) switch
                {
                    0 => Backoff.None,
                    1 => Backoff.Constant(Some(2_000)),
                    2 => Backoff.Linear(Some(500), TimeSpan.FromSeconds(1)),
                    _ => Backoff.Exponential(Some(200), TimeSpan.FromSeconds(3)),
                },
                AttemptTimeout = _random.Next(2) == 0 ? null : Some(3_000),
                TotalTimeout = _random.Next(2) == 0 ? null : Some(8_000),
                DelayHint = _random.Next(3) == 0 ? _ => _random.Next(2) == 0 ? null : Some(3_000) : null,
                Budget = _random.Next(4) == 0 ? new RetryBudget(1, 0) : null,
            };
            _isStubborn = _random.Next(4) == 0;
            _isAbandoned = !_isStubborn && _random.Next(4) == 0;
            caller.Token.UnsafeRegister(_ => _cancelledAt = _time.Elapsed, null);
        }

        public async Task RunAsync()
        {
            var startedAt = _time.Elapsed;
            var run = _isAbandoned
                ? Deadline.RunAsync(
                    token => Retry.RunAsync(AttemptAsync, _options, token),
                    new DeadlineOptions { Limit = Some(6_000), GracePeriod = Some(100) },
                    _caller.Token).AsTask()
                : Retry.RunAsync(AttemptAsync, _options, _caller.Token).AsTask();
            await Task.WhenAny(run);
            var endedAt = _time.Elapsed;

            Assert.InRange(_attempts, _caller.IsCancellationRequested ? 0 : 1, _options.MaxAttempts);
            if (!_isStubborn)
            {
                Assert.True(
                    endedAt - startedAt <= (_options.TotalTimeout ?? TimeSpan.MaxValue),
                    $"It took {endedAt - startedAt}, {_options.TotalTimeout} are allowed.");
                Assert.True(
                    endedAt <= _cancelledAt || startedAt > _cancelledAt, $"Cancelled at {_cancelledAt}, ended at {endedAt}.");
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
                Assert.Equal(failure is FormatException || !_isAbandoned ? _attempts : failure.Data["AsyncKit.Attempts"] ?? _attempts,
                    failure.Data["AsyncKit.Attempts"] ?? _attempts);
            }
        }

        private async Task<int> AttemptAsync(CancellationToken token)
        {
            var attempt = ++_attempts;
            var heeded = _isStubborn ? CancellationToken.None : token;
            switch (_random.Next(6))
            {
                case 0:
                    throw new HttpRequestException("at once");
                case 1:
                    await Task.Delay(Some(2_000), _time, heeded);
                    throw new HttpRequestException("later");
                case 2 when _random.Next(3) == 0:
                    await Task.Yield();
                    throw new FormatException("for good");
                case 3 when !_isStubborn && (_options.AttemptTimeout ?? _options.TotalTimeout) is not null:
                    await Task.Delay(Timeout.Infinite, token);
                    break;
                case 4:
                    await Task.Delay(Some(5_000), _time, heeded);
                    break;
            }

            return attempt;
        }

        private TimeSpan Some(int milliseconds) => TimeSpan.FromMilliseconds(_random.Next(1, milliseconds));
    }
}
