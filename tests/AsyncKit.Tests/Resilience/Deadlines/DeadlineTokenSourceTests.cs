using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>The separation of the uses of one instance, in races that threads rarely reach by chance.</summary>
public sealed class DeadlineTokenSourceTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_late_callback_does_not_cancel_the_next_use()
    {
        var operation = Start(LongLimit);
        var outdated = operation.State;
        Assert.True(operation.TryComplete());
        Assert.Same(operation, Start(LongLimit));

        operation.Cancel(outdated, DeadlineTokenSource.LimitFirst);

        Assert.False(operation.Token.IsCancellationRequested);
        Assert.True(operation.TryComplete());
    }

    [Fact]
    public async Task A_cancelled_instance_is_not_reused()
    {
        var operation = Start(LongLimit);
        operation.Cancel(operation.State, DeadlineTokenSource.LimitFirst);

        Assert.False(operation.TryComplete());
        Assert.Null(await operation.CompleteAsync());

        AssertFresh(operation);
    }

    /// <summary>Up to three rounds: a delay of the test thread can spoil a round, but not three in a row.</summary>
    [Fact]
    public void A_short_limit_after_a_long_one_rearms_the_timer_in_time()
    {
        const int MoreThanThePoolKeeps = 150;
        Assert.Contains(Enumerable.Range(0, 3), _ =>
        {
            var operations = Enumerable.Range(0, MoreThanThePoolKeeps).Select(_ => Start(LongLimit)).ToList();
            var fresh = operations[^1]; // Just armed, for the first delay of a new instance.
            Assert.True(fresh.TryComplete());
            var again = Start(TimeSpan.FromMilliseconds(50));
            var isInTime = again.IsArmedInTime;
            Assert.Same(fresh, again);

            operations.ForEach(static operation => operation.TryComplete());
            return isInTime;
        });
    }

    [Fact]
    public async Task An_instance_whose_registration_cannot_be_removed_is_not_reused()
    {
        using var caller = new CancellationTokenSource();
        var operation = Start(LongLimit, caller.Token);
        var lockObject = (Lock)typeof(DeadlineTokenSource)
            .GetField("_lock", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(operation)!;
        Task cancelling;
        lock (lockObject)
        {
            cancelling = Task.Run(caller.Cancel); // Its callback starts and waits for the lock.
            Assert.True(SpinWait.SpinUntil(() => Registrations.Count(caller) == 0, TimeSpan.FromSeconds(30)));
            Assert.True(operation.TryComplete());
            AssertFresh(operation); // Here, because an instance is reused first by the thread that completed it.
        }

        await cancelling.OrHangs();
    }

    [Fact]
    public void A_completed_use_keeps_neither_caller_nor_logger()
    {
        using var caller = new CancellationTokenSource();
        var operation = DeadlineOperation<int>.Start(
            new DeadlineContext(TimeProvider.System, LongLimit, "name", Logger: new LogLines()), caller.Token);

        Assert.True(operation.TryComplete());

        Assert.Equal((null, null), (operation.Context.Name, operation.Context.Logger));
        Assert.Equal(0, Registrations.Count(caller));
    }

    private static void AssertFresh(DeadlineOperation<int> used)
    {
        var next = Enumerable.Range(0, 20).Select(_ => Start(LongLimit)).ToList();
        Assert.All(next, each => Assert.False(each.Token.IsCancellationRequested));
        Assert.DoesNotContain(used, next);
        next.ForEach(each => Assert.True(each.TryComplete()));
    }

    private static DeadlineOperation<int> Start(TimeSpan limit, CancellationToken caller = default) =>
        DeadlineOperation<int>.Start(new DeadlineContext(TimeProvider.System, limit), caller);
}
