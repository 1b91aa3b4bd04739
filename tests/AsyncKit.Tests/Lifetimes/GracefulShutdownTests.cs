using System.Runtime.InteropServices;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The stages of a shutdown, on virtual time.</summary>
public sealed class GracefulShutdownTests : IClassFixture<NothingLeftBehind>
{
    private static readonly GracefulShutdownOptions Quiet = new()
    {
        Signals = [],
        DrainTimeout = TimeSpan.FromSeconds(20),
        AbortTimeout = TimeSpan.FromSeconds(3),
        HookTimeout = TimeSpan.FromSeconds(5),
    };

    [Fact]
    public void A_main_function_that_completes_on_its_own_returns_0_after_the_hooks() => AsyncTest.Run(async _ =>
    {
        var log = new List<string>();
        var code = await GracefulShutdown.RunAsync(async shutdown =>
        {
            shutdown.OnStopping(_ => LogAsync(log, "never"));
            shutdown.OnStopped(_ => LogAsync(log, "first"));
            shutdown.OnStopped(_ => LogAsync(log, "second"));
            await Task.Yield();
            log.Add("main");
        }, Quiet);

        Assert.Equal(0, code);
        Assert.Equal(["main", "first", "second"], log);
    });

    [Fact]
    public void A_signal_runs_the_hooks_cancels_Stopping_drains_and_returns_0() => AsyncTest.Run(async test =>
    {
        var log = new List<string>();
        var code = await GracefulShutdown.RunAsync(async shutdown =>
        {
            shutdown.OnStopping(_ => LogAsync(log, $"not ready {shutdown.Stopping.IsCancellationRequested}"));
            shutdown.OnStopped(_ => LogAsync(log, "flushed"));
            shutdown.OnSignal(PosixSignal.SIGTERM);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => Task.Delay(Timeout.InfiniteTimeSpan, test.Time, shutdown.Stopping));
            await Task.Delay(TimeSpan.FromSeconds(19), test.Time, shutdown.Aborting);
            log.Add("drained");
        }, Quiet);

        Assert.Equal(0, code);
        Assert.Equal(["not ready False", "drained", "flushed"], log);
        Assert.Equal(TimeSpan.FromSeconds(19), test.Time.Elapsed);
    });

    [Fact]
    public void The_work_is_cancelled_after_DrainTimeout_and_the_code_is_1() => AsyncTest.Run(async test =>
    {
        var hooks = 0;
        var code = await GracefulShutdown.RunAsync(async shutdown =>
        {
            shutdown.OnStopped(_ => CountAsync(ref hooks));
            shutdown.Stop();
            shutdown.Stop();
            await Task.Delay(Timeout.InfiniteTimeSpan, test.Time, shutdown.Aborting);
        }, Quiet);

        Assert.Equal((1, 1), (code, hooks));
        Assert.Equal(TimeSpan.FromSeconds(20), test.Time.Elapsed);
    });

    [Fact]
    public void A_main_function_that_ignores_both_tokens_is_abandoned() => AsyncTest.Run(async test =>
    {
        var (hooks, stubborn) = (0, new TaskCompletionSource());
        var code = await GracefulShutdown.RunAsync(
            shutdown =>
            {
                shutdown.OnStopped(_ => CountAsync(ref hooks));
                shutdown.Stop();
                return stubborn.Task;
            },
            Quiet);

        Assert.Equal((1, 1), (code, hooks));
        Assert.Equal(TimeSpan.FromSeconds(23), test.Time.Elapsed);
        stubborn.SetException(new FormatException()); // Not reported, but observed.
        await test.RunUntilIdleAsync();
    });

    [Fact]
    public void A_cancellation_of_main_after_Stopping_counts_as_a_normal_completion() => AsyncTest.Run(async test =>
    {
        using var cts = new CancellationTokenSource();
        var running = GracefulShutdown.RunAsync(
            shutdown => Task.Delay(Timeout.InfiniteTimeSpan, test.Time, shutdown.Stopping), Quiet, cts.Token);
        await cts.CancelAsync();

        Assert.Equal(0, await running);
    });

    [Fact]
    public void An_exception_of_main_is_thrown_after_the_hooks_and_their_exceptions_are_added() => AsyncTest.Run(async test =>
    {
        var log = new List<string>();
        foreach (var mainFails in (bool[])[true, false])
        {
            var running = GracefulShutdown.RunAsync(async shutdown =>
            {
                shutdown.OnStopped(async token => await Task.Delay(TimeSpan.FromHours(1), test.Time, token));
                shutdown.OnStopped(_ => throw new InvalidOperationException("hook"));
                shutdown.OnStopped(_ => LogAsync(log, "last"));
                await Task.Yield();
                if (mainFails)
                {
                    throw new FormatException("main");
                }
            }, Quiet);
            var thrown = await Record.ExceptionAsync(() => running);

            Assert.Equal(mainFails ? typeof(FormatException) : typeof(TimeoutException), thrown?.GetType());
            Assert.Equal(mainFails ? 3 : 2, running.Exception!.InnerExceptions.Count);
            Assert.IsType<InvalidOperationException>(running.Exception.InnerExceptions[^1]);
        }

        Assert.Equal(["last", "last"], log);
    });

    [Theory]
    [InlineData(PosixSignal.SIGTERM, 143)]
    [InlineData(PosixSignal.SIGINT, 130)]
    [InlineData(PosixSignal.SIGQUIT, 131)]
    [InlineData(PosixSignal.SIGHUP, 129)]
    public void A_second_signal_ends_the_process_at_once(PosixSignal second, int expected) => AsyncTest.Run(
        async test =>
        {
            var exits = new List<int>();
            await GracefulShutdown.RunAsync(async shutdown =>
            {
                shutdown.Stop(); // Does not count as a signal.
                shutdown.OnSignal(PosixSignal.SIGTERM);
                Assert.Empty(exits);
                await Task.Delay(TimeSpan.FromSeconds(1), test.Time, CancellationToken.None);
                shutdown.OnSignal(second);
            }, Quiet with { Exit = exits.Add });

            Assert.Equal([expected], exits);
        },
        new AsyncTestOptions { Schedules = 10 });

    [Fact]
    public async Task A_main_function_that_blocks_does_not_block_the_shutdown()
    {
        using var blocked = new ManualResetEventSlim();
        var running = GracefulShutdown.RunAsync(
            shutdown =>
            {
                shutdown.Stopping.Register(blocked.Set);
                shutdown.Stop();
                blocked.Wait();
                return Task.CompletedTask;
            },
            Quiet);

        Assert.Equal(0, await running.OrHangs());
    }

    [Fact]
    public void Invalid_arguments_are_rejected_by_name()
    {
        var wrong = TimeSpan.FromSeconds(-1);
        Assert.Equal("DrainTimeout", Assert.Throws<ArgumentOutOfRangeException>(() => Quiet with { DrainTimeout = wrong }).ParamName);
        Assert.Equal("AbortTimeout", Assert.Throws<ArgumentOutOfRangeException>(() => Quiet with { AbortTimeout = wrong }).ParamName);
        Assert.Equal("HookTimeout", Assert.Throws<ArgumentOutOfRangeException>(() => Quiet with { HookTimeout = wrong }).ParamName);
        Assert.Equal("Signals", Assert.Throws<ArgumentNullException>(() => Quiet with { Signals = null! }).ParamName);
        Assert.Equal("main", Assert.Throws<ArgumentNullException>(() => { _ = GracefulShutdown.RunAsync(null!); }).ParamName);
    }

    private static ValueTask CountAsync(ref int calls)
    {
        calls++;
        return default;
    }

    private static async ValueTask LogAsync(List<string> log, string text)
    {
        await Task.Yield();
        log.Add(text);
    }
}
