namespace AsyncKit.Tests;

/// <summary>Single steps of the lock; on threads a defect would show only as lost time.</summary>
public sealed class EnumeratorLockTests : IClassFixture<NothingLeftBehind>
{
    private readonly EnumeratorLock _lock = new();
    private readonly EnumeratorLock.Waiter _first = new(isComing: true);

    [Fact]
    public async Task A_coming_worker_that_parks_is_no_longer_coming_so_the_holder_wakes_it()
    {
        var second = new EnumeratorLock.Waiter(isComing: true);
        Assert.True(_lock.TryEnter(_first));
        Assert.True(_lock.Release(mayStart: true)); // The second is coming now.
        Assert.True(_lock.TryEnter(_first));
        var turn = _lock.ParkAsync(second).AsTask();
        Assert.False(turn.IsCompleted);

        Assert.False(_lock.Release(mayStart: true)); // No third worker while one is parked.

        await turn.OrHangs();
        Assert.True(_lock.TryEnter(second));
    }

    [Fact]
    public async Task A_woken_worker_counts_as_coming_until_it_enters()
    {
        var (second, third) = (new EnumeratorLock.Waiter(isComing: false), new EnumeratorLock.Waiter(isComing: false));
        Assert.True(_lock.TryEnter(_first));
        var turns = new[] { _lock.ParkAsync(second).AsTask(), _lock.ParkAsync(third).AsTask() };

        Assert.False(_lock.Release(mayStart: true)); // Wakes one.
        Assert.True(_lock.TryEnter(_first)); // Overtakes it.
        Assert.False(_lock.Release(mayStart: true)); // One is coming: neither another wake nor a start.
        var woken = await Task.WhenAny(turns).OrHangs();

        Assert.Equal(1, _lock.ParkedWorkers);
        var entering = woken == turns[0] ? second : third;
        Assert.True(_lock.TryEnter(entering));
        Assert.False(_lock.Release(mayStart: true)); // None is coming: wakes the other one.
        await Task.WhenAll(turns).OrHangs();
        Assert.Equal(0, _lock.ParkedWorkers);
    }

    [Fact]
    public async Task A_woken_worker_does_not_continue_inside_Release()
    {
        var second = new EnumeratorLock.Waiter(isComing: false);
        Assert.True(_lock.TryEnter(_first));
        var continued = ContinueAsync();

        Assert.False(_lock.Release(mayStart: false));

        Assert.DoesNotContain("EnumeratorLock.Release(", await continued.OrHangs(), StringComparison.Ordinal);

        async Task<string> ContinueAsync()
        {
            await _lock.ParkAsync(second).ConfigureAwait(false);
            return new System.Diagnostics.StackTrace().ToString();
        }
    }

    [Fact]
    public void A_worker_does_not_park_while_the_lock_is_free()
    {
        Assert.True(_lock.TryEnter(_first));
        Assert.True(_lock.Release(mayStart: true));

        Assert.True(_lock.ParkAsync(_first).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_closed_lock_lets_parked_and_later_workers_enter_to_see_it()
    {
        var second = new EnumeratorLock.Waiter(isComing: false);
        Assert.True(_lock.TryEnter(_first));
        var turn = _lock.ParkAsync(second).AsTask();

        _lock.Close();

        await turn.OrHangs();
        Assert.True(_lock.IsClosed);
        Assert.True(_lock.TryEnter(second));
        Assert.True(_lock.ParkAsync(second).AsTask().IsCompletedSuccessfully);
    }
}
