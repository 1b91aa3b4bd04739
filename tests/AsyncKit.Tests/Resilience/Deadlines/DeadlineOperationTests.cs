#pragma warning disable CA2012, VSTHRD002, xUnit1031 // What is done with a task that must be awaited once is the subject.

using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The promise of a call, and what keeps one use of it from another.</summary>
public sealed class DeadlineOperationTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Far = TimeSpan.FromSeconds(20);

    private static readonly AsyncLocal<string?> Local = new();

    [Fact]
    public void A_second_await_of_the_same_task_throws_and_takes_nothing_from_the_next_use()
    {
        var call = Start(Far);
        var first = call.AwaitAsync(new ValueTask<int>(1));
        Assert.Equal(1, first.Result);
        Assert.Same(call, Start(Far));
        var gate = new TaskCompletionSource<int>();
        var second = call.AwaitAsync(new ValueTask<int>(gate.Task));

        Assert.Throws<InvalidOperationException>(() => first.Result);
        Assert.Throws<InvalidOperationException>(() => first.IsCompleted);

        gate.SetResult(2);
        Assert.True(SpinWait.SpinUntil(() => second.IsCompleted, Far));
        Assert.Equal(2, second.Result);
    }

    [Fact]
    public void A_result_that_is_asked_for_too_early_throws_and_the_call_is_still_in_use()
    {
        var call = Start(Far);
        var gate = new TaskCompletionSource<int>();
        var task = call.AwaitAsync(new ValueTask<int>(gate.Task));

        Assert.Throws<InvalidOperationException>(() => task.Result);

        var other = Start(Far);
        Assert.NotSame(call, other);
        Assert.True(other.TryComplete());
        gate.SetResult(1);
        Assert.True(SpinWait.SpinUntil(() => task.IsCompleted, Far));
        Assert.Equal(1, task.Result);
    }

    [Fact]
    public void It_is_used_again_when_its_result_was_taken_and_not_when_the_operation_has_ended()
    {
        var call = Start(Far);
        var task = call.AwaitAsync(new ValueTask<int>(1));

        var other = Start(Far);
        Assert.NotSame(call, other);
        Assert.Equal(1, task.Result);
        Assert.Same(call, Start(Far));

        Assert.True(call.TryComplete());
        Assert.True(other.TryComplete());
    }

    [Fact]
    public void It_is_used_again_when_the_operation_has_failed()
    {
        var call = Start(Far);
        var own = new FormatException();
        var task = call.AwaitAsync(ValueTask.FromException<int>(own));

        Assert.True(task.IsFaulted);
        Assert.Same(own, Assert.Throws<FormatException>(() => task.Result));

        Assert.Same(call, Start(Far));
        Assert.True(call.TryComplete());
    }

    [Fact]
    public async Task A_limit_of_a_second_or_more_never_comes_early_and_names_no_less_than_itself()
    {
        const int ThatBeginAtAnyMoment = 60;
        var calls = new List<Task>();
        for (var i = 0; i < ThatBeginAtAnyMoment; i++)
        {
            calls.Add(OneAsync(TimeSpan.FromMilliseconds(1_000)));
            Thread.SpinWait(20_000);
        }

        await Task.WhenAll(calls).OrHangs();

        static async Task OneAsync(TimeSpan limit)
        {
            var startedAt = TimeProvider.System.GetTimestamp();
            var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
                token => Task.Delay(Timeout.Infinite, token), limit));
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) >= limit, "It was before its limit.");
            var elapsed = thrown.Message[(thrown.Message.LastIndexOf(' ') + 1)..^1];
            Assert.True(TimeSpan.Parse(elapsed, null) >= limit, thrown.Message);
        }
    }

    [Fact]
    public async Task The_users_logger_is_called_in_the_context_of_the_call()
    {
        var time = new VirtualTime();
        var seen = new TaskCompletionSource<string?>();
        var log = new LogLines { OnLine = () => seen.TrySetResult(Local.Value) };
        var gate = new TaskCompletionSource<int>();
        Local.Value = "of the call";
        var run = Deadline.RunAsync(
            token =>
            {
                token.UnsafeRegister(static _ => throw new FormatException("callback"), null);
                return gate.Task;
            },
            new DeadlineOptions { Limit = TimeSpan.FromSeconds(1), Logger = log, TimeProvider = time }).AsTask();

        Local.Value = "later";
        time.Advance(TimeSpan.FromSeconds(1));
        ThreadPool.UnsafeQueueUserWorkItem(static gate => gate.SetResult(1), gate, preferLocal: false);

        Assert.Equal(1, await run.OrHangs());
        Assert.Equal("of the call", await seen.Task.OrHangs());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_timer_whose_disposal_throws_does_not_take_the_place_of_the_result(bool endsAtOnce)
    {
        var gate = new TaskCompletionSource<int>();
        var run = Deadline.RunAsync(
            _ => endsAtOnce ? Task.FromResult(1) : gate.Task,
            new DeadlineOptions { Limit = Far, TimeProvider = new ClockOfFaultyTimers() });

        gate.SetResult(1);

        Assert.Equal(1, await run.AsTask().OrHangs());
    }

    private static DeadlineOperation<int> Start(TimeSpan limit) =>
        DeadlineOperation<int>.Start(new DeadlineContext(TimeProvider.System, limit), CancellationToken.None);

    private sealed class ClockOfFaultyTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new FaultyTimer();
    }

    private sealed class FaultyTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => throw new NotSupportedException();

        public ValueTask DisposeAsync() => throw new NotSupportedException();
    }
}
