using StackExchange.Redis;

namespace AsyncKit.Hosting.Tests;

/// <summary>StackExchange.Redis under a fan-out with a gate, over one multiplexer that an AsyncLazy connects.</summary>
[Trait("Redis", "FanOut")]
public sealed class RedisTests : IClassFixture<NothingLeftBehind>, IAsyncLifetime
{
    private const int Permits = 4;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"asynckit-redis-{Guid.NewGuid():N}");
    private readonly ConcurrencyGate _gate = new(Permits) { Name = "redis" };
    private string? _address;
    private int _connects;

    private FanOutOptions Options => new(maxConcurrency: 16)
    {
        Gate = _gate,
        Retry = new()
        {
            MaxAttempts = int.MaxValue,
            Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(20)),
            ShouldRetry = exception => exception is RedisException or TimeoutException,
        },
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_address is not null)
        {
            await ServerAsync("stop");
        }
    }

    [RedisFact]
    public async Task Commands_wait_for_a_permit_of_the_gate_and_share_one_connection()
    {
        var (peak, key) = (0, $"asynckit:{Guid.NewGuid():N}");
        await using var redis = Connection(RedisFactAttribute.Address!);

        var values = await Enumerable.Range(1, 500).FanOutAsync(Options, async (number, token) =>
        {
            Interlocked.Exchange(ref peak, Math.Max(Volatile.Read(ref peak), _gate.Active));
            return await (await redis.GetAsync(token)).GetDatabase().HashIncrementAsync(key, number, number);
        });

        Assert.Equal(Enumerable.Range(1, 500).Select(number => (long)number), values);
        Assert.InRange(peak, 1, Permits);
        Assert.Equal(1, _connects);
        await (await redis.GetAsync()).GetDatabase().KeyDeleteAsync(key);
    }

    [RedisFact]
    public async Task A_server_that_is_killed_and_restarted_in_mid_run_costs_no_item()
    {
        await using var redis = Connection(await ServerAsync("start"));
        var (isBack, firstFailure, someSucceeded) = (false, NewSignal(), NewSignal());
        var (succeeded, peak) = (0, 0);

        var run = ItemsAsync().FanOutAsync(Options, async (number, token) =>
        {
            Interlocked.Exchange(ref peak, Math.Max(Volatile.Read(ref peak), _gate.Active));
            try
            {
                await (await redis.GetAsync(token)).GetDatabase().StringSetAsync($"item:{number}", number);
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                firstFailure.TrySetResult();
                throw;
            }

            if (Interlocked.Increment(ref succeeded) == 200)
            {
                someSucceeded.SetResult();
            }

            return number;
        });
        await someSucceeded.Task.OrHangs();
        await ServerAsync("kill");
        await firstFailure.Task.OrHangs();
        await ServerAsync("start");
        Volatile.Write(ref isBack, true);
        var numbers = await run.OrHangs();

        var database = (await redis.GetAsync()).GetDatabase();
        var stored = await database.StringGetAsync([.. numbers.Select(number => (RedisKey)$"item:{number}")]);
        Assert.Equal(numbers, stored.Select(value => (int)value));
        Assert.Equal(Enumerable.Range(0, numbers.Length), numbers);
        Assert.Equal((Permits, 0, 1), (peak, _gate.Active, _connects));

        async IAsyncEnumerable<int> ItemsAsync()
        {
            for (var (number, left) = (0, 100); left > 0; number++)
            {
                left -= Volatile.Read(ref isBack) ? 1 : 0;
                yield return number;
                await Task.Yield();
            }
        }
    }

    [RedisFact]
    public async Task A_connection_that_failed_is_not_kept_and_the_next_caller_connects()
    {
        _address = await ServerAsync("start");
        await ServerAsync("kill");
        await using var redis = Connection(_address);

        var failures = await Enumerable.Range(0, 8).FanOutReportAsync(8, async (_, token) => await redis.GetAsync(token));
        await ServerAsync("start");
        var connected = await redis.GetAsync();

        Assert.All(failures.Outcomes, outcome => Assert.IsType<RedisConnectionException>(outcome.Exception));
        Assert.True(connected.IsConnected);
        Assert.True(redis.TryGet(out var kept) && ReferenceEquals(kept, connected));
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The lazy value disposes the multiplexer.</summary>
    private AsyncLazy<ConnectionMultiplexer> Connection(string address)
    {
        var options = ConfigurationOptions.Parse(address);
        options.ReconnectRetryPolicy = new LinearRetry(50);
        options.BacklogPolicy = BacklogPolicy.FailFast; // The retries of the run decide, not a queue in the client.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        return new AsyncLazy<ConnectionMultiplexer>(async _ =>
        {
            Interlocked.Increment(ref _connects);
            return await ConnectionMultiplexer.ConnectAsync(options);
        });
    }

    private async Task<string> ServerAsync(string command)
    {
        _address ??= "";
        return await CiScript.RunAsync("redis", [command, _folder]);
    }
}
