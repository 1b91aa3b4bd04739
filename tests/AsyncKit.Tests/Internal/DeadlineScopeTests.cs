using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>What keeps one use of a scope from another, where threads rarely meet by themselves.</summary>
public sealed class DeadlineScopeTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Far = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_callback_that_comes_late_does_nothing_to_the_next_use()
    {
        var scope = Begin(Far);
        var late = scope.State;
        Assert.True(scope.TryEnd());
        Assert.Same(scope, Begin(Far));

        scope.Cancel(late, DeadlineScope.LimitFirst);

        Assert.False(scope.Token.IsCancellationRequested);
        Assert.True(scope.TryEnd());
    }

    [Fact]
    public async Task A_scope_that_was_cancelled_is_not_used_again()
    {
        var scope = Begin(Far);
        scope.Cancel(scope.State, DeadlineScope.LimitFirst);

        Assert.False(scope.TryEnd());
        Assert.Null(await scope.EndAsync());

        AssertFresh(scope);
    }

    [Fact]
    public void A_short_limit_after_a_long_one_is_armed_for_in_time()
    {
        foreach (var limit in (double[])[20_000, 100, 20_000, 10, 20_000, 10, 240, 5])
        {
            var scope = Begin(TimeSpan.FromMilliseconds(limit));
            Assert.True(scope.IsArmedInTime, $"{limit} ms");
            _ = scope.TryEnd();
        }
    }

    [Fact]
    public async Task A_scope_whose_registration_could_not_be_taken_back_is_not_used_again()
    {
        using var caller = new CancellationTokenSource();
        var scope = Begin(Far, caller.Token);
        var gate = typeof(DeadlineScope).GetField("_lock", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(scope)!;
        Task cancelling;
        lock (gate)
        {
            cancelling = Task.Run(caller.Cancel); // Its callback has begun and waits for the lock, at the latest.
            Assert.True(SpinWait.SpinUntil(() => Registrations.Count(caller) == 0, TimeSpan.FromSeconds(30)));
            Assert.True(scope.TryEnd());
        }

        await cancelling.OrHangs();
        AssertFresh(scope);
    }

    [Fact]
    public void The_next_use_remembers_neither_caller_nor_logger()
    {
        using var caller = new CancellationTokenSource();
        var scope = DeadlineScope.Begin(
            new DeadlineTerms(TimeProvider.System, Far, "name", Logger: new LogLines()), caller.Token);

        Assert.True(scope.TryEnd());

        Assert.Equal((null, null), (scope.Terms.Name, scope.Terms.Logger));
        Assert.Equal(0, Registrations.Count(caller));
    }

    private static void AssertFresh(DeadlineScope past)
    {
        var next = Enumerable.Range(0, 20).Select(_ => Begin(Far)).ToList();
        Assert.All(next, one => Assert.False(one.Token.IsCancellationRequested));
        Assert.DoesNotContain(past, next);
        next.ForEach(one => Assert.True(one.TryEnd()));
    }

    private static DeadlineScope Begin(TimeSpan limit, CancellationToken caller = default) =>
        DeadlineScope.Begin(new DeadlineTerms(TimeProvider.System, limit), caller);
}
