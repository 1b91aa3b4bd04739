using System.Diagnostics.Metrics;
using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Operations that run on after nobody waits for them any more.</summary>
public sealed class DeadlineAbandonTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Brief = new() { Schedules = 50 };

    [Fact]
    public void After_the_grace_period_it_is_abandoned_observed_counted_and_logged() => AsyncTest.Run(async context =>
    {
        using var counted = new Counted("asynckit.deadline.abandoned");
        var log = new LogLines();
        var options = new DeadlineOptions
        {
            Limit = TimeSpan.FromSeconds(2),
            GracePeriod = TimeSpan.FromSeconds(3),
            Name = "stubborn",
            Logger = log,
        };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(_ => FailsLateAsync(context.Time, 10), options));

        Assert.Equal(TimeSpan.FromSeconds(5), context.Time.Elapsed);
        Assert.Equal("'stubborn' was stopped by its limit of 00:00:02, after 00:00:05.", thrown.Message);
        Assert.Equal(1, counted.Sum);
        Assert.Empty(log.All);
        await context.AdvanceAsync(TimeSpan.FromSeconds(60));
        var (level, id, text, exception) = Assert.Single(log.All);
        Assert.Equal(
            (LogLevel.Warning, 21, "'stubborn' completed 00:00:05 after it was abandoned."), (level, id, text));
        Assert.IsType<FormatException>(exception);
    }, Brief);

    [Fact]
    public void An_operation_that_ends_within_its_grace_period_is_awaited() => AsyncTest.Run(async context =>
    {
        using var counted = new Counted("asynckit.deadline.abandoned");
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(2), GracePeriod = TimeSpan.FromSeconds(3) };

        var result = await Deadline.RunAsync(
            async token =>
            {
                await Task.Delay(TimeSpan.FromSeconds(4), context.Time, CancellationToken.None);
                return 4;
            },
            options);
        await Assert.ThrowsAsync<FormatException>(
            async () => await Deadline.RunAsync(_ => FailsLateAsync(context.Time, 4), options));
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(token => Task.Delay(Timeout.Infinite, token), options));
        await Assert.ThrowsAsync<FormatException>(
            async () => await Deadline.RunAsync(Task (_) => throw new FormatException(), options));

        Assert.Equal((4, 0), (result, counted.Sum));
        Assert.Equal(TimeSpan.FromSeconds(10), context.Time.Elapsed);
    }, Brief);

    [Fact]
    public void The_grace_period_begins_with_the_callers_cancellation_too() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
        var options = new DeadlineOptions { Limit = TimeSpan.FromHours(1), GracePeriod = TimeSpan.FromSeconds(3) };

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Deadline.RunAsync(_ => FailsLateAsync(context.Time, 10), options, caller.Token));

        Assert.Equal((caller.Token, TimeSpan.FromSeconds(4)), (thrown.CancellationToken, context.Time.Elapsed));
        Assert.Equal(0, Registrations.Count(caller));
        await context.AdvanceAsync(TimeSpan.FromSeconds(10));
    }, Brief);

    [Fact]
    public void An_abandoned_operation_leaves_no_registration_with_the_callers_token() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource();
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(1), GracePeriod = TimeSpan.Zero };

        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(_ => FailsLateAsync(context.Time, 10), options, caller.Token));

        Assert.Equal(0, Registrations.Count(caller));
        await context.AdvanceAsync(TimeSpan.FromSeconds(10));
    }, Brief);

    [Fact]
    public void What_a_callback_on_the_token_of_an_abandoned_operation_throws_is_observed() => AsyncTest.Run(async context =>
    {
        var log = new LogLines();
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(1), GracePeriod = TimeSpan.FromSeconds(1), Logger = log };

        await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
            token =>
            {
                token.UnsafeRegister(static _ => throw new FormatException("callback"), null);
                return FailsLateAsync(context.Time, 10);
            },
            options));

        await context.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([21, 22], log.All.Select(line => line.Id).Order());
    }, Brief);

    [Fact]
    public void WithTimeoutAsync_walks_away_and_counts_and_logs_its_orphan_once() => AsyncTest.Run(async context =>
    {
        using var counted = new Counted("asynckit.deadline.abandoned");
        var log = new LogLines();
        var options = new DeadlineOptions { Limit = TimeSpan.FromSeconds(2), Name = "slow", Logger = log };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => FailsLateAsync(context.Time, 10).WithTimeoutAsync(options));

        Assert.Equal("'slow' was stopped by its limit of 00:00:02, after 00:00:02.", thrown.Message);
        await context.AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, counted.Sum);
        var (level, _, text, _) = Assert.Single(log.All);
        Assert.Equal((LogLevel.Warning, "'slow' completed 00:00:08 after it was abandoned."), (level, text));
    }, Brief);

    [Fact]
    public void WithTimeoutAsync_gives_what_the_task_gives_when_it_ends_in_time() => AsyncTest.Run(async context =>
    {
        Assert.Equal(1, await Task.FromResult(1).WithTimeoutAsync(TimeSpan.Zero));
        Assert.Equal(2, await GivesAsync(2).WithTimeoutAsync(TimeSpan.FromSeconds(2)));
        await GivesAsync(3).WithTimeoutAsync(Timeout.InfiniteTimeSpan);
        await Assert.ThrowsAsync<FormatException>(
            () => FailsLateAsync(context.Time, 1).WithTimeoutAsync(TimeSpan.FromSeconds(5)));
        using var caller = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => GivesAsync(4).WithTimeoutAsync(TimeSpan.FromSeconds(9), caller.Token));
        Assert.Equal(caller.Token, thrown.CancellationToken);
        await context.AdvanceAsync(TimeSpan.FromSeconds(9));

        async Task<int> GivesAsync(int result)
        {
            await Task.Delay(TimeSpan.FromSeconds(1.5), context.Time, CancellationToken.None);
            return result;
        }
    }, Brief);

    [Fact]
    public async Task WithTimeoutAsync_observes_its_orphan_before_it_leaves()
    {
        for (var round = 0; round < 20; round++)
        {
            await LeaveAsync(isListenerFaulty: round % 2 == 1);
        }

        leaks.Check();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task LeaveAsync(bool isListenerFaulty)
        {
            using var faulty = isListenerFaulty ? new Counted("asynckit.deadline.abandoned", isFaulty: true) : null;
            var completion = new TaskCompletionSource();
            await Assert.ThrowsAsync<TimeoutException>(
                () => completion.Task.WithTimeoutAsync(TimeSpan.FromMilliseconds(1)).OrHangs());
            completion.SetException(new InvalidOperationException("nobody waits"));
        }
    }

    private static async Task FailsLateAsync(TimeProvider time, int seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds), time, CancellationToken.None);
        throw new FormatException("late");
    }

    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _sum;

        public Counted(string name, bool isFaulty = false)
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
