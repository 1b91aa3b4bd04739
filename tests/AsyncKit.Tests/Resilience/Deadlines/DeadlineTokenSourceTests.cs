using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>What keeps one use of a scope from another, where threads rarely meet by themselves.</summary>
public sealed class DeadlineTokenSourceTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Far = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_callback_that_comes_late_does_nothing_to_the_next_use()
    {
        var scope = Start(Far);
        var late = scope.State;
        Assert.True(scope.TryComplete());
        Assert.Same(scope, Start(Far));

        scope.Cancel(late, DeadlineTokenSource.LimitFirst);

        Assert.False(scope.Token.IsCancellationRequested);
        Assert.True(scope.TryComplete());
    }

    [Fact]
    public async Task A_scope_that_was_cancelled_is_not_used_again()
    {
        var scope = Start(Far);
        scope.Cancel(scope.State, DeadlineTokenSource.LimitFirst);

        Assert.False(scope.TryComplete());
        Assert.Null(await scope.CompleteAsync());

        AssertFresh(scope);
    }

    /// <summary>A thread that was held up just there may find what it is not about; not three times.</summary>
    [Fact]
    public void A_short_limit_after_a_long_one_is_armed_for_in_time()
    {
        const int MoreThanThePoolHas = 150;
        Assert.Contains(Enumerable.Range(0, 3), _ =>
        {
            var scopes = Enumerable.Range(0, MoreThanThePoolHas).Select(_ => Start(Far)).ToList();
            var fresh = scopes[^1]; // Armed just now, for as long as a scope is at first.
            Assert.True(fresh.TryComplete());
            var again = Start(TimeSpan.FromMilliseconds(50));
            var isInTime = again.IsArmedInTime;
            Assert.Same(fresh, again);

            scopes.ForEach(static scope => scope.TryComplete());
            return isInTime;
        });
    }

    [Fact]
    public async Task A_scope_whose_registration_could_not_be_taken_back_is_not_used_again()
    {
        using var caller = new CancellationTokenSource();
        var scope = Start(Far, caller.Token);
        var lockObject = (Lock)typeof(DeadlineTokenSource)
            .GetField("_lock", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(scope)!;
        Task cancelling;
        lock (lockObject)
        {
            cancelling = Task.Run(caller.Cancel); // Its callback has begun and waits for the lock, at the latest.
            Assert.True(SpinWait.SpinUntil(() => Registrations.Count(caller) == 0, TimeSpan.FromSeconds(30)));
            Assert.True(scope.TryComplete());
            AssertFresh(scope); // On the thread on which it would be found.
        }

        await cancelling.OrHangs();
    }

    [Fact]
    public void The_next_use_remembers_neither_caller_nor_logger()
    {
        using var caller = new CancellationTokenSource();
        var scope = DeadlineOperation<int>.Start(
            new DeadlineContext(TimeProvider.System, Far, "name", Logger: new LogLines()), caller.Token);

        Assert.True(scope.TryComplete());

        Assert.Equal((null, null), (scope.Context.Name, scope.Context.Logger));
        Assert.Equal(0, Registrations.Count(caller));
    }

    private static void AssertFresh(DeadlineOperation<int> past)
    {
        var next = Enumerable.Range(0, 20).Select(_ => Start(Far)).ToList();
        Assert.All(next, one => Assert.False(one.Token.IsCancellationRequested));
        Assert.DoesNotContain(past, next);
        next.ForEach(one => Assert.True(one.TryComplete()));
    }

    private static DeadlineOperation<int> Start(TimeSpan limit, CancellationToken caller = default) =>
        DeadlineOperation<int>.Start(new DeadlineContext(TimeProvider.System, limit), caller);
}
