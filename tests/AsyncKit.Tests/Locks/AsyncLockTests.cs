#pragma warning disable CA2012 // The tests examine a ValueTask that is not completed or is awaited twice.

using System.Diagnostics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class AsyncLockTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Thousand = new() { Schedules = World.Schedules(1_000) };

    private readonly AsyncLock _lock = new();

    [Fact]
    public async Task A_free_lock_is_acquired_synchronously_and_has_one_holder()
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
    public async Task Waiters_are_served_in_order_and_no_caller_overtakes_one()
    {
        var lease = await _lock.AcquireAsync();
        var waits = Enumerable.Range(0, 20).Select(_ => _lock.AcquireAsync().AsTask()).ToArray();

        foreach (var wait in waits)
        {
            Assert.DoesNotContain(waits.SkipWhile(one => one != wait), one => one.IsCompleted);
            Assert.False(_lock.TryAcquire(out _));
            lease.Dispose();
            Assert.False(_lock.TryAcquire(out _)); // The waiter holds it before its continuation runs.
            lease = await wait.OrHangs();
        }

        lease.Dispose();
    }

    [Fact]
    public async Task A_lease_releases_once_and_a_second_Dispose_a_copy_and_default_do_nothing()
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
    public async Task A_cancelled_wait_neither_acquires_nor_loses_a_permit()
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
    public async Task A_token_that_is_already_cancelled_does_not_acquire_a_free_lock()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        var wait = _lock.AcquireAsync(cancellation.Token);

        Assert.True(wait.IsCanceled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.AsTask());
        Assert.False(_lock.IsHeld);
    }

    [Fact]
    public async Task A_wait_that_times_out_throws_a_TimeoutException_with_the_timeout()
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

        Assert.Equal("AsyncLock was not acquired within 3 s.", error.Message);
        lease.Dispose();
        (await next.OrHangs()).Dispose();
        Assert.Equal((0, false), (time.PendingTimers, timed.IsHeld));
    }

    [Fact]
    public async Task A_timeout_of_zero_does_not_wait_and_an_infinite_one_never_expires()
    {
        var lease = await _lock.AcquireAsync(TimeSpan.Zero);

        await Assert.ThrowsAsync<TimeoutException>(() => _lock.AcquireAsync(TimeSpan.Zero).AsTask());
        var wait = _lock.AcquireAsync(Timeout.InfiniteTimeSpan).AsTask();

        Assert.False(wait.IsCompleted);
        lease.Dispose();
        (await wait.OrHangs()).Dispose();
    }

    [Fact]
    public void Arguments_out_of_range_throw_at_the_call()
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
    public async Task A_continuation_never_runs_inline_in_Dispose_or_Cancel()
    {
        using var cancellation = new CancellationTokenSource();
        var lease = await _lock.AcquireAsync();
        var granted = StackAfterAsync(_lock.AcquireAsync());
        var cancelled = StackAfterAsync(_lock.AcquireAsync(cancellation.Token));

#pragma warning disable VSTHRD103, MA0042, CA1849 // The test needs the callbacks to run inline in Cancel.
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
            using var held = await _lock.AcquireAsync(cancellation.Token).ConfigureAwait(false);
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
    public async Task ToString_contains_the_state_and_the_number_of_waiters()
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
    public void Random_cancellations_and_timeouts_leave_one_holder_and_keep_the_order() =>
        AsyncTest.Run(async context =>
        {
            var subject = new AsyncLock();
            var random = context.Random;
            var (inside, entered, served) = (0, new List<int>(), new List<int>());
            await Task.WhenAll(Enumerable.Range(0, 6).Select(WorkAsync));

            Assert.Equal(served.Order(), served); // Served in order of arrival.
            Assert.Equal((0, false, 0), (inside, subject.IsHeld, subject.Waiting));

            async Task WorkAsync(int number)
            {
                await Task.Yield();
                using var cancellation = new CancellationTokenSource();
                var cancelling = Task.CompletedTask;
                try
                {
                    var position = entered.Count;
                    entered.Add(number);
                    var wait = random.Next(3) switch
                    {
                        0 => subject.AcquireAsync(CancellationToken.None),
                        1 => subject.AcquireAsync(cancellation.Token),
                        _ => subject.AcquireAsync(TimeSpan.FromSeconds(random.Next(1, 4)), cancellation.Token),
                    };
                    cancelling = cancellation.CancelAfterYieldsAsync(random.Next(3));
                    using var lease = await wait;
                    Assert.Equal(1, ++inside);
                    served.Add(position);
                    await Task.Delay(TimeSpan.FromSeconds(random.Next(3)), context.Time, CancellationToken.None);
                    inside--;
                }
                catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
                {
                }

                await cancelling;
            }
        }, Thousand);
}
