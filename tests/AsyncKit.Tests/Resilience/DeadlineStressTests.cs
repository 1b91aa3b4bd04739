namespace AsyncKit.Tests;

/// <summary>
/// Instances that are reused on real threads, with limits that race with completions. No operation is cancelled before
/// its own limit passes or its own caller cancels. Every operation that waits for its limit is stopped. The result or
/// the exception belongs to the operation, to its limit or to its caller.
/// </summary>
public sealed class DeadlineStressTests : IClassFixture<NothingLeftBehind>
{
    private const int Loops = 4;
    private const int CallsPerLoop = 300;

    private static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(20);

    private static int _lastNumber;

    [Fact]
    [Trait(StressTime.Trait, "Deadline")]
    public Task The_limit_or_caller_of_one_operation_never_stops_another() => StressTime.RunAsync(async seed =>
    {
        using var never = new CancellationTokenSource();

        await Task.WhenAll(Enumerable.Range(0, Loops)
            .Select(loop => Task.Run(
                () => LoopAsync(new Random((seed * Loops) + loop), never.Token), CancellationToken.None)))
            .OrHangs();

        Assert.Equal(0, Registrations.Count(never));
    });

    private static async Task LoopAsync(Random random, CancellationToken never)
    {
        for (var i = 0; i < CallsPerLoop; i++)
        {
            using var own = random.Next(6) == 0 ? new CancellationTokenSource() : null;
            var limit = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(random.Next(1, 4)) : LongLimit;
            var plan = own is not null ? random.Next(4) : limit == LongLimit || random.Next(8) > 0 ? random.Next(3) : 3;
            var cancelling = own is null ? Task.CompletedTask : Task.Run(own.Cancel, CancellationToken.None);
            var other = CallAsync(1 + random.Next(2), random.Next(3_000), LongLimit, null, never);
            await CallAsync(plan, random.Next(3_000), limit, own, own?.Token ?? never);
            await other;
            await cancelling;
        }
    }

    /// <param name="plan">0 completes synchronously, 1 after some work, 2 on another thread-pool thread, 3 when it is
    /// cancelled.</param>
    private static async Task CallAsync(
        int plan, int spins, TimeSpan limit, CancellationTokenSource? own, CancellationToken caller)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var startedAt = TimeProvider.System.GetTimestamp();
        var failure = new FormatException();
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
            Assert.Same(failure, exception);
        }
        catch (TimeoutException)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) >= limit, "It timed out before its limit.");
        }
        catch (OperationCanceledException exception)
        {
            Assert.True(own?.IsCancellationRequested, "The caller of the operation did not cancel.");
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
            return Throws() ? throw failure : number;
        }

        void CheckToken(CancellationToken token)
        {
            if (token.IsCancellationRequested && own?.IsCancellationRequested != true)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(startedAt) >= limit, "Another limit cancelled it.");
            }
        }
    }
}
