#pragma warning disable CA2012, VSTHRD002, xUnit1031 // The tests misuse ValueTasks on purpose.

using System.Globalization;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The task of an operation under a limit, and the separation of the uses of one instance.</summary>
public sealed class DeadlineOperationTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(20);

    private static readonly AsyncLocal<string?> Ambient = new();

    [Fact]
    public void A_second_await_of_a_task_throws_and_does_not_affect_the_next_use()
    {
        var operation = Start(LongLimit);
        var first = operation.AwaitAsync(new ValueTask<int>(1));
        Assert.Equal(1, first.Result);
        Assert.Same(operation, Start(LongLimit));
        var completion = new TaskCompletionSource<int>();
        var second = operation.AwaitAsync(new ValueTask<int>(completion.Task));

        Assert.Throws<InvalidOperationException>(() => first.Result);
        Assert.Throws<InvalidOperationException>(() => first.IsCompleted);

        completion.SetResult(2);
        Assert.True(SpinWait.SpinUntil(() => second.IsCompleted, LongLimit));
        Assert.Equal(2, second.Result);
    }

    [Fact]
    public void A_result_that_is_read_too_early_throws_and_the_instance_stays_in_use()
    {
        var operation = Start(LongLimit);
        var completion = new TaskCompletionSource<int>();
        var task = operation.AwaitAsync(new ValueTask<int>(completion.Task));

        Assert.Throws<InvalidOperationException>(() => task.Result);

        var other = Start(LongLimit);
        Assert.NotSame(operation, other);
        Assert.True(other.TryComplete());
        completion.SetResult(1);
        Assert.True(SpinWait.SpinUntil(() => task.IsCompleted, LongLimit));
        Assert.Equal(1, task.Result);
    }

    [Fact]
    public void An_instance_is_reused_after_its_result_is_read_and_not_before()
    {
        var operation = Start(LongLimit);
        var task = operation.AwaitAsync(new ValueTask<int>(1));

        var other = Start(LongLimit);
        Assert.NotSame(operation, other);
        Assert.Equal(1, task.Result);
        Assert.Same(operation, Start(LongLimit));

        Assert.True(operation.TryComplete());
        Assert.True(other.TryComplete());
    }

    [Fact]
    public void An_instance_is_reused_after_its_operation_fails()
    {
        var operation = Start(LongLimit);
        var own = new FormatException();
        var task = operation.AwaitAsync(ValueTask.FromException<int>(own));

        Assert.True(task.IsFaulted);
        Assert.Same(own, Assert.Throws<FormatException>(() => task.Result));

        Assert.Same(operation, Start(LongLimit));
        Assert.True(operation.TryComplete());
    }

    [Fact]
    public async Task A_limit_of_a_second_never_fires_early_and_reports_at_least_itself()
    {
        const int Starts = 60; // At different points between two ticks of the clock.
        var operations = new List<Task>();
        for (var i = 0; i < Starts; i++)
        {
            operations.Add(AssertTimeoutAsync(TimeSpan.FromMilliseconds(1_000)));
            Thread.SpinWait(20_000);
        }

        await Task.WhenAll(operations).OrHangs();

        static async Task AssertTimeoutAsync(TimeSpan limit)
        {
            var startedAt = TimeProvider.System.GetTimestamp();
            var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
                token => Task.Delay(Timeout.Infinite, token), limit));
            Assert.True(TimeProvider.System.GetElapsedTime(startedAt) >= limit, "It timed out before its limit.");
            var elapsed = thrown.Message.Split("after ")[1].Split(" s.")[0];
            Assert.True(decimal.Parse(elapsed, CultureInfo.InvariantCulture) >= 1, thrown.Message);
        }
    }

    [Fact]
    public async Task A_logger_runs_in_the_ExecutionContext_of_the_caller()
    {
        var time = new VirtualTime();
        var seen = new TaskCompletionSource<string?>();
        var log = new LogLines { OnLine = () => seen.TrySetResult(Ambient.Value) };
        var completion = new TaskCompletionSource<int>();
        Ambient.Value = "of the call";
        var run = Deadline.RunAsync(
            token =>
            {
                token.UnsafeRegister(static _ => throw new FormatException("callback"), null);
                return completion.Task;
            },
            new DeadlineOptions { Limit = TimeSpan.FromSeconds(1), Logger = log, TimeProvider = time }).AsTask();

        Ambient.Value = "later";
        time.Advance(TimeSpan.FromSeconds(1));
        ThreadPool.UnsafeQueueUserWorkItem(static source => source.SetResult(1), completion, preferLocal: false);

        Assert.Equal(1, await run.OrHangs());
        Assert.Equal("of the call", await seen.Task.OrHangs());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_timer_that_throws_from_Dispose_does_not_replace_the_result(bool isSynchronous)
    {
        var completion = new TaskCompletionSource<int>();
        var run = Deadline.RunAsync(
            _ => isSynchronous ? Task.FromResult(1) : completion.Task,
            new DeadlineOptions { Limit = LongLimit, TimeProvider = new FaultyTimerClock() });

        completion.SetResult(1);

        Assert.Equal(1, await run.AsTask().OrHangs());
    }

    private static DeadlineOperation<int> Start(TimeSpan limit) =>
        DeadlineOperation<int>.Start(new DeadlineContext(TimeProvider.System, limit), CancellationToken.None);

    private sealed class FaultyTimerClock : TimeProvider
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
