using System.Diagnostics.Metrics;
using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Operations that keep running after their caller stopped waiting.</summary>
public sealed class DeadlineAbandonTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions FiftySchedules = new() { Schedules = 50 };

    [Fact]
    public void An_operation_beyond_its_grace_period_is_observed_counted_and_logged() => AsyncTest.Run(async context =>
    {
        using var counter = new CounterListener("asynckit.deadline.abandoned");
        var log = new LogLines();
        var options = new DeadlineOptions
        {
            Limit = TimeSpan.FromSeconds(2),
            GracePeriod = TimeSpan.FromSeconds(3),
            Name = "stubborn",
            Logger = log,
        };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(_ => FailLateAsync(context.Time, 10), options));

        Assert.Equal(TimeSpan.FromSeconds(5), context.Time.Elapsed);
        Assert.Equal("'stubborn' was stopped by its limit of 2 s, after 5 s.", thrown.Message);
        Assert.Equal(1, counter.Sum);
        Assert.Empty(log.All);
        await context.AdvanceAsync(TimeSpan.FromSeconds(60));
        var (level, id, text, exception) = Assert.Single(log.All);
        Assert.Equal(
            (LogLevel.Warning, 21, "'stubborn' completed 5 s after it was abandoned."), (level, id, text));
        Assert.IsType<FormatException>(exception);
    }, FiftySchedules);

    [Fact]
    public void An_operation_that_completes_within_its_grace_period_is_awaited() => AsyncTest.Run(async context =>
    {
        using var counter = new CounterListener("asynckit.deadline.abandoned");
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(2), GracePeriod = TimeSpan.FromSeconds(3) };

        var result = await Deadline.RunAsync(
            async token =>
            {
                await Task.Delay(TimeSpan.FromSeconds(4), context.Time, CancellationToken.None);
                return 4;
            },
            options);
        await Assert.ThrowsAsync<FormatException>(
            async () => await Deadline.RunAsync(_ => FailLateAsync(context.Time, 4), options));
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(token => Task.Delay(Timeout.Infinite, token), options));
        await Assert.ThrowsAsync<FormatException>(
            async () => await Deadline.RunAsync(Task (_) => throw new FormatException(), options));

        Assert.Equal((4, 0), (result, counter.Sum));
        Assert.Equal(TimeSpan.FromSeconds(10), context.Time.Elapsed);
    }, FiftySchedules);

    [Fact]
    public void A_cancellation_by_the_caller_starts_the_grace_period() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
        var options = new DeadlineOptions { Limit = TimeSpan.FromHours(1), GracePeriod = TimeSpan.FromSeconds(3) };

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Deadline.RunAsync(_ => FailLateAsync(context.Time, 10), options, caller.Token));

        Assert.Equal((caller.Token, TimeSpan.FromSeconds(4)), (thrown.CancellationToken, context.Time.Elapsed));
        Assert.Equal(0, Registrations.Count(caller));
        await context.AdvanceAsync(TimeSpan.FromSeconds(10));
    }, FiftySchedules);

    [Fact]
    public void An_abandoned_operation_leaves_no_registration_with_its_caller() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource();
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(1), GracePeriod = TimeSpan.Zero };

        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(_ => FailLateAsync(context.Time, 10), options, caller.Token));

        Assert.Equal(0, Registrations.Count(caller));
        await context.AdvanceAsync(TimeSpan.FromSeconds(10));
    }, FiftySchedules);

    [Fact]
    public void An_exception_of_a_callback_of_an_abandoned_operation_is_logged() => AsyncTest.Run(async context =>
    {
        var log = new LogLines();
        var second = TimeSpan.FromSeconds(1);
        var options = new DeadlineOptions { Limit = second, GracePeriod = second, Logger = log };

        await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
            token =>
            {
                token.UnsafeRegister(static _ => throw new FormatException("callback"), null);
                return FailLateAsync(context.Time, 10);
            },
            options));

        await context.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([21, 22], log.All.Select(line => line.Id).Order());
    }, FiftySchedules);

    [Fact]
    public void WithTimeoutAsync_counts_and_logs_its_abandoned_task_once() => AsyncTest.Run(async context =>
    {
        using var counter = new CounterListener("asynckit.deadline.abandoned");
        var log = new LogLines();
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(2), Name = "slow", Logger = log };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => FailLateAsync(context.Time, 10).WithTimeoutAsync(options));

        Assert.Equal("'slow' was stopped by its limit of 2 s, after 2 s.", thrown.Message);
        await context.AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, counter.Sum);
        var (level, _, text, _) = Assert.Single(log.All);
        Assert.Equal((LogLevel.Warning, "'slow' completed 8 s after it was abandoned."), (level, text));
    }, FiftySchedules);

    [Fact]
    public void WithTimeoutAsync_returns_the_outcome_of_a_task_within_its_limit() => AsyncTest.Run(async context =>
    {
        Assert.Equal(1, await Task.FromResult(1).WithTimeoutAsync(TimeSpan.Zero));
        Assert.Equal(2, await ReturnLateAsync(2).WithTimeoutAsync(TimeSpan.FromSeconds(2)));
        await ReturnLateAsync(3).WithTimeoutAsync(Timeout.InfiniteTimeSpan);
        await Assert.ThrowsAsync<FormatException>(
            () => FailLateAsync(context.Time, 1).WithTimeoutAsync(TimeSpan.FromSeconds(5)));
        using var caller = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ReturnLateAsync(4).WithTimeoutAsync(TimeSpan.FromSeconds(9), caller.Token));
        Assert.Equal(caller.Token, thrown.CancellationToken);
        await context.AdvanceAsync(TimeSpan.FromSeconds(9));

        async Task<int> ReturnLateAsync(int result)
        {
            await Task.Delay(TimeSpan.FromSeconds(1.5), context.Time, CancellationToken.None);
            return result;
        }
    }, FiftySchedules);

    [Fact]
    public async Task WithTimeoutAsync_observes_its_abandoned_task_before_it_returns()
    {
        for (var round = 0; round < 20; round++)
        {
            await AbandonAsync(isListenerFaulty: round % 2 == 1);
        }

        leaks.Check();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task AbandonAsync(bool isListenerFaulty)
        {
            using var listener = isListenerFaulty
                ? new CounterListener("asynckit.deadline.abandoned", isFaulty: true)
                : null;
            var completion = new TaskCompletionSource();
            await Assert.ThrowsAsync<TimeoutException>(
                () => completion.Task.WithTimeoutAsync(TimeSpan.FromMilliseconds(1)).OrHangs());
            completion.SetException(new InvalidOperationException("no caller waits"));
        }
    }

    private static async Task FailLateAsync(TimeProvider time, int seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds), time, CancellationToken.None);
        throw new FormatException("late");
    }

    private sealed class CounterListener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _sum;

        public CounterListener(string name, bool isFaulty = false)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (string.Equals(instrument.Name, name, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) =>
            {
                Interlocked.Add(ref _sum, value);
                if (isFaulty)
                {
                    throw new InvalidOperationException("listener");
                }
            });
            _listener.Start();
        }

        public int Sum => (int)Volatile.Read(ref _sum);

        public void Dispose() => _listener.Dispose();
    }
}
