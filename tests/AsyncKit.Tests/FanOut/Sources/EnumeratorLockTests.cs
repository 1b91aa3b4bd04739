namespace AsyncKit.Tests;

/// <summary>Single steps of the gate, which on threads would show only as lost time.</summary>
public sealed class EnumeratorLockTests : IClassFixture<NothingLeftBehind>
{
    private readonly EnumeratorLock _gate = new();
    private readonly EnumeratorLock.Waiter _first = new(isComing: true);

    [Fact]
    public async Task A_coming_worker_that_parks_is_no_longer_coming_so_the_holder_wakes_it()
    {
        var second = new EnumeratorLock.Waiter(isComing: true);
        Assert.True(_gate.TryEnter(_first));
        Assert.True(_gate.Release(mayStart: true)); // The second is coming now.
        Assert.True(_gate.TryEnter(_first));
        var turn = _gate.ParkAsync(second).AsTask();
        Assert.False(turn.IsCompleted);

        Assert.False(_gate.Release(mayStart: true)); // Not a third, while one is parked.

        await turn.OrHangs();
        Assert.True(_gate.TryEnter(second));
    }

    [Fact]
    public async Task A_woken_worker_counts_as_coming_until_it_is_in()
    {
        var (second, third) = (new EnumeratorLock.Waiter(isComing: false), new EnumeratorLock.Waiter(isComing: false));
        Assert.True(_gate.TryEnter(_first));
        var turns = new[] { _gate.ParkAsync(second).AsTask(), _gate.ParkAsync(third).AsTask() };

        Assert.False(_gate.Release(mayStart: true)); // Wakes one.
        Assert.True(_gate.TryEnter(_first)); // Overtakes it.
        Assert.False(_gate.Release(mayStart: true)); // One is coming: neither another wake nor a start.
        var woken = await Task.WhenAny(turns).OrHangs();

        Assert.Equal(1, _gate.ParkedWorkers);
        var entering = woken == turns[0] ? second : third;
        Assert.True(_gate.TryEnter(entering));
        Assert.False(_gate.Release(mayStart: true)); // It came: now the other one.
        await Task.WhenAll(turns).OrHangs();
        Assert.Equal(0, _gate.ParkedWorkers);
    }

    [Fact]
    public async Task A_woken_worker_does_not_continue_inside_Release()
    {
        var second = new EnumeratorLock.Waiter(isComing: false);
        Assert.True(_gate.TryEnter(_first));
        var continued = ContinueAsync();

        Assert.False(_gate.Release(mayStart: false));

        Assert.DoesNotContain("EnumeratorLock.Release(", await continued.OrHangs(), StringComparison.Ordinal);

        async Task<string> ContinueAsync()
        {
            await _gate.ParkAsync(second).ConfigureAwait(false);
            return new System.Diagnostics.StackTrace().ToString();
        }
    }

    [Fact]
    public void Nobody_parks_beside_a_free_gate()
    {
        Assert.True(_gate.TryEnter(_first));
        Assert.True(_gate.Release(mayStart: true));

        Assert.True(_gate.ParkAsync(_first).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task After_it_closed_everybody_is_let_through_to_see_so()
    {
        var second = new EnumeratorLock.Waiter(isComing: false);
        Assert.True(_gate.TryEnter(_first));
        var turn = _gate.ParkAsync(second).AsTask();

        _gate.Close();

        await turn.OrHangs();
        Assert.True(_gate.IsClosed);
        Assert.True(_gate.TryEnter(second));
        Assert.True(_gate.ParkAsync(second).AsTask().IsCompletedSuccessfully);
    }
}
