using System.Collections.Concurrent;

namespace AsyncKit.Tests;

/// <summary>The guarantees of a partition with a start rate per key.</summary>
public abstract class FanOutKeyRateContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutTests(subject, world, leaks)
{
    [Fact]
    public Task An_item_without_a_permit_blocks_no_other_key_and_starts_when_its_key_has_one() => RunAsync(async () =>
    {
        var (limiter, gate) = (new KeyLimiter(1), new TestGate());
        var options = Rated(StopAtFirst(2), maxPerKey: 2, key => key == 0 ? limiter : new KeyLimiter());

        // Items 0 to 2 have the key 0. Only the first of them has a permit.
        var run = FanOutAsync(Enumerable.Range(0, 6), options, async (item, _) =>
        {
            gate.Arrive();
            await Task.Yield();
            return item;
        });
        await gate.ArrivedAsync(4);
        Assert.Equal((4, 0), (gate.Arrivals, limiter.Disposals));
        limiter.Permit(2);

        Assert.Equal(Enumerable.Range(0, 6), (await run.OrHangs()).Order());
        Assert.Equal((0, 1), (limiter.Held, limiter.Disposals));
    });

    [Fact]
    public Task The_lease_of_a_key_is_held_during_the_operation() => RunAsync(async () =>
    {
        var limiters = new ConcurrentDictionary<int, KeyLimiter>();
        var options = Rated(RunToEnd(3), maxPerKey: 2, key => limiters.GetOrAdd(key, _ => new KeyLimiter()));
        var wrong = 0;

        await FailureOfAsync(FanOutAsync(Enumerable.Range(0, 12), options, async (item, _) =>
        {
            await Task.Yield();
            wrong += limiters[item / 3].Held is >= 1 and <= 2 ? 0 : 1;
            return item == 5 ? throw new FormatException() : item;
        }));

        Assert.Equal(0, wrong);
        Assert.All(limiters.Values, limiter => Assert.Equal((0, 1), (limiter.Held, limiter.Disposals)));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_limiter_that_throws_ends_the_run_with_its_exception(bool runsToEnd) => RunAsync(async () =>
    {
        var options = runsToEnd ? RunToEnd(2) : StopAtFirst(2);
        var limiter = new KeyLimiter { Grants = () => throw new FormatException() };

        var failure = await FailureOfAsync(FanOutAsync(
            Enumerable.Range(0, 6),
            Rated(options, 1, key => key == 1 ? limiter : new KeyLimiter()),
            async (item, _) =>
            {
                await Task.Yield();
                return item;
            }));

        Assert.IsType<FormatException>(failure is FanOutException all ? all.InnerExceptions.Single() : failure);
        Assert.Equal(1, limiter.Disposals);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_start_rate_function_that_fails_ends_the_run(bool throws) => RunAsync(async () =>
    {
        var options = Rated(StopAtFirst(2), 1, key => key == 0 ? new KeyLimiter()
            : throws ? throw new FormatException() : null!);

        var failure = await FailureOfAsync(FanOutAsync(
            Enumerable.Range(0, 6), options, (item, _) => new ValueTask<int>(item)));

        Assert.IsType(throws ? typeof(FormatException) : typeof(InvalidOperationException), failure);
    });

    [Fact]
    public Task A_cancellation_ends_the_wait_for_a_permit() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (limiter, gate) = (new KeyLimiter(1) { RetryAfter = TimeSpan.FromDays(1) }, new TestGate());

        var run = FanOutAsync(
            Enumerable.Range(0, 3),
            Rated(StopAtFirst(2), 2, _ => limiter),
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(1);
        await World.CancelAsync(cts);

        Assert.IsAssignableFrom<OperationCanceledException>(await FailureOfAsync(run));
        Assert.Equal((1, 0, 1), (gate.Arrivals, limiter.Held, limiter.Disposals));
    });

    [Fact]
    public Task A_failure_ends_the_wait_for_a_permit() => RunAsync(async () =>
    {
        var limiter = new KeyLimiter(1) { RetryAfter = TimeSpan.FromDays(1) };

        var failure = await FailureOfAsync(FanOutAsync(
            Enumerable.Range(0, 3),
            Rated(StopAtFirst(2), 2, _ => limiter),
            async (item, _) =>
            {
                await Task.Yield();
                return item < 3 ? throw new FormatException() : item;
            }));

        Assert.IsType<FormatException>(failure);
        Assert.Equal((0, 1), (limiter.Held, limiter.Disposals));
    });

    [Fact]
    public Task The_source_and_the_functions_of_a_partition_observe_the_context_of_the_caller() => RunAsync(async () =>
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new ConcurrentBag<string?>();
        var options = StopAtFirst(2) with
        {
            Partition = FanOutPartition.By((int item) => Note(item % 3, "key"), 1, key =>
            {
                Note(key, "rate");
                return new KeyLimiter { Grants = () => Note(true, "limiter") };
            }),
        };

        await FanOutAsync(Enumerable.Range(0, 9).Select(item => Note(item, "source")), options, (item, _) =>
            new ValueTask<int>(Note(item, "operation")));

        Assert.True(seen.Count >= 9 + 9 + 3 + 9, $"{seen.Count} calls.");
        Assert.All(seen, value => Assert.Equal("caller", value));

        T Note<T>(T value, string place)
        {
            seen.Add(local.Value);
            local.Value = IsPulled || place is not "source" ? place : "caller"; // A list is read before the call.
            return value;
        }
    });

    private static FanOutOptions Rated(FanOutOptions options, int maxPerKey, Func<int, KeyLimiter> startRate) =>
        options with { Partition = FanOutPartition.By((int item) => item / 3, maxPerKey, key => startRate(key)) };
}
