namespace AsyncKit.Tests;

/// <summary>
/// Scopes used again on real threads, with limits that race with completions: no operation is cancelled before its own
/// limit has passed or its own caller has, every operation that waits for its limit is stopped, and the result or the
/// exception is its own or that of who has stopped it.
/// </summary>
public sealed class DeadlineStressTests : IClassFixture<NothingLeftBehind>
{
    private const int Loops = 4;
    private const int Calls = 300;

    private static readonly TimeSpan Far = TimeSpan.FromSeconds(20);

    [Fact]
    [Trait(StressTime.Trait, "Deadline")]
    public Task An_operation_is_never_stopped_by_the_limit_or_the_caller_of_another() => StressTime.RunAsync(async seed =>
    {
        using var never = new CancellationTokenSource();

        await Task.WhenAll(Enumerable.Range(0, Loops)
            .Select(loop => Task.Run(() => LoopAsync(new Random((seed * Loops) + loop), never.Token), CancellationToken.None)))
            .OrHangs();

        Assert.Equal(0, Registrations.Count(never));
    });

    private static class Numbers
    {
        private static int _last;

        public static int Next() => Interlocked.Increment(ref _last);
    }

    private static async Task LoopAsync(Random random, CancellationToken never)
    {
        for (var i = 0; i < Calls; i++)
        {
            using var own = random.Next(6) == 0 ? new CancellationTokenSource() : null;
            var limit = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(random.Next(1, 4)) : Far;
            var plan = own is not null ? random.Next(4) : limit == Far || random.Next(8) > 0 ? random.Next(3) : 3;
            var cancelling = own is null ? Task.CompletedTask : Task.Run(own.Cancel, CancellationToken.None);
            var other = CallAsync(1 + random.Next(2), random.Next(3_000), Far, null, Numbers.Next(), never);
            await CallAsync(plan, random.Next(3_000), limit, own, Numbers.Next(), own?.Token ?? never);
            await other;
            await cancelling;
        }
    }

    /// <param name="plan">0 ends at once, 1 after some work, 2 after a hop through the pool, 3 when it is stopped.</param>
    private static async Task CallAsync(
        int plan, int spins, TimeSpan limit, CancellationTokenSource? own, int number, CancellationToken caller)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        var mine = new FormatException();
        try
        {
            if (number % 3 == 0)
            {
                await Deadline.RunAsync(OperateWithoutResultAsync, limit, caller);
            }
            else
            {
                Assert.Equal(number, await Deadline.RunAsync(OperateAsync, limit, caller));
            }

            Assert.NotEqual(3, plan);
            Assert.False(Throws());
        }
        catch (FormatException exception)
        {
            Assert.Same(mine, exception);
        }
        catch (TimeoutException)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) >= limit, "It was before its limit.");
        }
        catch (OperationCanceledException exception)
        {
            Assert.True(own?.IsCancellationRequested, "Its caller was not cancelled.");
            Assert.Equal(caller, exception.CancellationToken);
        }

        bool Throws() => number % 16 == 1 && plan < 3;

        async ValueTask OperateWithoutResultAsync(CancellationToken token) => await OperateAsync(token);

        async ValueTask<int> OperateAsync(CancellationToken token)
        {
            CheckToken(token);
            switch (plan)
            {
                case 1:
                    Thread.SpinWait(spins);
                    break;
                case 2:
                    await Task.Yield();
                    Thread.SpinWait(spins);
                    break;
                case 3:
                    await Task.Delay(Timeout.Infinite, token);
                    break;
            }

            CheckToken(token);
            return Throws() ? throw mine : number;
        }

        void CheckToken(CancellationToken token)
        {
            if (token.IsCancellationRequested && own?.IsCancellationRequested != true)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(startedAt) >= limit, "It was cancelled by another's limit.");
            }
        }
    }
}
