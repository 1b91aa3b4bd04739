#pragma warning disable CA2012 // A ValueTask that has not completed, or is awaited twice, is the subject.

using System.Diagnostics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class AsyncLockTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Thousand = new() { Schedules = 1_000 };

    private readonly AsyncLock _lock = new();

    [Fact]
    public async Task A_free_lock_is_taken_at_once_and_at_most_one_lease_is_held()
    {
        var first = _lock.AcquireAsync();
        Assert.True(first.IsCompletedSuccessfully);
        var lease = await first;

        Assert.True(lease.IsHeld && _lock.IsHeld);
        Assert.False(_lock.TryAcquire(out var none));
        Assert.Equal(default, none);
        var second = _lock.AcquireAsync().AsTask();
        Assert.False(second.IsCompleted);
        Assert.Equal(1, _lock.Waiting);

        lease.Dispose();
        (await second.OrHangs()).Dispose();
        Assert.False(_lock.IsHeld);
        Assert.True(_lock.TryAcquire(out lease));
        lease.Dispose();
    }

    [Fact]
    public async Task First_come_first_served_and_nobody_overtakes_who_waits()
    {
        var lease = await _lock.AcquireAsync();
        var waits = Enumerable.Range(0, 20).Select(_ => _lock.AcquireAsync().AsTask()).ToArray();

        foreach (var wait in waits)
        {
            Assert.DoesNotContain(waits.SkipWhile(one => one != wait), one => one.IsCompleted);
            Assert.False(_lock.TryAcquire(out _));
            lease.Dispose();
            Assert.False(_lock.TryAcquire(out _)); // It is the waiter's already, whether that has noticed or not.
            lease = await wait.OrHangs();
        }

        lease.Dispose();
    }

    [Fact]
    public async Task A_lease_releases_once_a_second_Dispose_a_copy_and_default_do_nothing()
    {
        var first = await _lock.AcquireAsync();
        var copy = first;
        Assert.Equal(first, copy);
        first.Dispose();
        Assert.False(copy.IsHeld);
        var second = await _lock.AcquireAsync();
        Assert.True(first != second);

        first.Dispose();
        copy.Dispose();
        default(Lease).Dispose();
        copy.Report(GateSignal.Success);
        default(Lease).Report(GateSignal.Success);

        Assert.True(second.IsHeld && _lock.IsHeld);
        Assert.False(default(Lease).IsHeld);
        second.Dispose();
        Assert.False(_lock.IsHeld);
    }

    [Fact]
    public async Task A_cancelled_waiter_never_loses_or_gains_a_permit()
    {
        using var cancellation = new CancellationTokenSource();
        var lease = await _lock.AcquireAsync();
        var cancelled = _lock.AcquireAsync(cancellation.Token).AsTask();
        var next = _lock.AcquireAsync().AsTask();

        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());

        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.True(cancelled.IsCanceled);
        Assert.Equal(1, _lock.Waiting);
        Assert.False(next.IsCompleted);
        lease.Dispose();
        (await next.OrHangs()).Dispose();
        Assert.False(_lock.IsHeld);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_at_the_call_takes_nothing_even_if_the_lock_is_free()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        var wait = _lock.AcquireAsync(cancellation.Token);

        Assert.True(wait.IsCanceled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.AsTask());
        Assert.False(_lock.IsHeld);
    }

    [Fact]
    public async Task A_wait_that_runs_out_of_time_throws_a_TimeoutException_that_names_the_limit()
    {
        var time = new VirtualTime();
        var timed = new AsyncLock { TimeProvider = time };
        var lease = await timed.AcquireAsync(TimeSpan.FromSeconds(3));
        var wait = timed.AcquireAsync(TimeSpan.FromSeconds(3)).AsTask();
        var next = timed.AcquireAsync(TimeSpan.FromSeconds(30)).AsTask();

        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(wait.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        var error = await Assert.ThrowsAsync<TimeoutException>(() => wait.OrHangs());

        Assert.Equal("AsyncLock was not acquired within 00:00:03.", error.Message);
        lease.Dispose();
        (await next.OrHangs()).Dispose();
        Assert.Equal((0, false), (time.PendingTimers, timed.IsHeld));
    }

    [Fact]
    public async Task A_timeout_of_zero_does_not_wait_and_an_infinite_one_never_ends()
    {
        var lease = await _lock.AcquireAsync(TimeSpan.Zero);

        await Assert.ThrowsAsync<TimeoutException>(() => _lock.AcquireAsync(TimeSpan.Zero).AsTask());
        var wait = _lock.AcquireAsync(Timeout.InfiniteTimeSpan).AsTask();

        Assert.False(wait.IsCompleted);
        lease.Dispose();
        (await wait.OrHangs()).Dispose();
    }

    [Fact]
    public void Wrong_arguments_throw_at_the_call()
    {
        foreach (var wrong in (TimeSpan[])[TimeSpan.FromMilliseconds(-2), TimeSpan.FromDays(50), TimeSpan.MaxValue])
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(
                "timeout", () => _ = _lock.AcquireAsync(wrong, new CancellationToken(canceled: true)));
            Assert.Equal(wrong, error.ActualValue);
        }

        Assert.Throws<ArgumentNullException>(() => new AsyncLock { TimeProvider = null! });
        Assert.Throws<ArgumentOutOfRangeException>("signal", () => default(Lease).Report((GateSignal)9));
    }

    [Fact]
    public async Task Who_waits_never_continues_inside_Dispose_or_Cancel()
    {
        using var cancellation = new CancellationTokenSource();
        var lease = await _lock.AcquireAsync();
        var granted = StackAfterAsync(_lock.AcquireAsync());
        var cancelled = StackAfterAsync(_lock.AcquireAsync(cancellation.Token));

#pragma warning disable VSTHRD103, MA0042, CA1849 // That Cancel calls back inside the call is the point.
        cancellation.Cancel();
#pragma warning restore VSTHRD103, MA0042, CA1849
        lease.Dispose();

        Assert.DoesNotContain("Lease.Dispose(", await granted.OrHangs(), StringComparison.Ordinal);
        Assert.DoesNotContain("PermitWaiter.Cancel(", await cancelled.OrHangs(), StringComparison.Ordinal);

        static async Task<string> StackAfterAsync(ValueTask<Lease> wait)
        {
            try
            {
                using var lease = await wait.ConfigureAwait(false);
                return new StackTrace().ToString();
            }
            catch (OperationCanceledException)
            {
                return new StackTrace().ToString();
            }
        }
    }

    [Fact]
    public async Task A_hundred_thousand_queued_waiters_cause_no_stack_overflow_and_all_are_served()
    {
        const int Waiters = 100_000;
        using var cancellation = new CancellationTokenSource();
        var served = 0;
        var lease = await _lock.AcquireAsync();
        var all = Enumerable.Range(0, Waiters).Select(_ => PassAsync()).ToArray();
        Assert.Equal(Waiters, _lock.Waiting);

        lease.Dispose();
        await Task.WhenAll(all).OrHangs();
        Assert.Equal((Waiters, false), (served, _lock.IsHeld));

        lease = await _lock.AcquireAsync();
        var cancelled = Enumerable.Range(0, 1_000).Select(_ => _lock.AcquireAsync(cancellation.Token).AsTask()).ToArray();
        await cancellation.CancelAsync();
        Assert.Equal(0, _lock.Waiting);
        await Task.WhenAny(Task.WhenAll(cancelled)).OrHangs();
        Assert.All(cancelled, one => Assert.True(one.IsCanceled));
        lease.Dispose();

        async Task PassAsync()
        {
            using var mine = await _lock.AcquireAsync(cancellation.Token).ConfigureAwait(false);
            served++;
        }
    }

    [Fact]
    public async Task The_task_of_a_wait_cannot_be_awaited_twice()
    {
        var lease = await _lock.AcquireAsync();
        var wait = _lock.AcquireAsync();
        lease.Dispose();
        lease = await wait;

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await wait);

        Assert.True(lease.IsHeld);
        lease.Dispose();
    }

    [Fact]
    public async Task It_says_what_is_held_and_how_many_wait()
    {
        Assert.Equal("AsyncLock: free", _lock.ToString());
        var lease = await _lock.AcquireAsync();
        Assert.Equal("AsyncLock: held", _lock.ToString());
        var wait = _lock.AcquireAsync().AsTask();
        Assert.Equal("AsyncLock: held, 1 waiting", _lock.ToString());
        lease.Dispose();
        (await wait.OrHangs()).Dispose();
    }

    [Fact]
    public void However_waits_are_cancelled_timed_out_and_released_one_holds_and_all_end_in_order() =>
        AsyncTest.Run(async context =>
        {
            var gate = new AsyncLock();
            var random = context.Random;
            var (inside, entered, served) = (0, new List<int>(), new List<int>());
            await Task.WhenAll(Enumerable.Range(0, 6).Select(WorkAsync));

            Assert.Equal(served.Order(), served); // Those who were served were so in the order they came.
            Assert.Equal((0, false, 0), (inside, gate.IsHeld, gate.Waiting));

            async Task WorkAsync(int number)
            {
                await Task.Yield();
                using var cancellation = new CancellationTokenSource();
                var cancelling = Task.CompletedTask;
                try
                {
                    var place = entered.Count;
                    entered.Add(number);
                    var wait = random.Next(3) switch
                    {
                        0 => gate.AcquireAsync(CancellationToken.None),
                        1 => gate.AcquireAsync(cancellation.Token),
                        _ => gate.AcquireAsync(TimeSpan.FromSeconds(random.Next(1, 4)), cancellation.Token),
                    };
                    cancelling = CancelAsync(cancellation, random.Next(3));
                    using var lease = await wait;
                    Assert.Equal(1, ++inside);
                    served.Add(place);
                    await Task.Delay(TimeSpan.FromSeconds(random.Next(3)), context.Time, CancellationToken.None);
                    inside--;
                }
                catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
                {
                }

                await cancelling;
            }

            static async Task CancelAsync(CancellationTokenSource cancellation, int yields)
            {
                for (; yields > 0; yields--)
                {
                    await Task.Yield();
                }

                await cancellation.CancelAsync();
            }
        }, Thousand);
}
