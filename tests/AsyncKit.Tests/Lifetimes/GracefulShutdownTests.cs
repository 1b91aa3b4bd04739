using System.Runtime.InteropServices;
using System.Threading.Channels;
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
    public void A_drained_fan_out_completes_what_it_took_and_the_code_is_0() => AsyncTest.Run(
        async test =>
        {
            var (channel, finished) = (Messages(30), 0);
            var code = await GracefulShutdown.RunAsync(
                async shutdown =>
                {
                    _ = StopAfterAsync(shutdown, test, test.Random.Next(10));
                    var options = new FanOutOptions { MaxConcurrency = 4, DrainToken = shutdown.Stopping };
                    await channel.Reader.ReadAllAsync().FanOutAsync(options, HandleAsync, shutdown.Aborting);
                },
                Quiet);

            Assert.Equal(0, code);
            Assert.Equal(30, finished + channel.Reader.Count);

            async Task HandleAsync(int message, CancellationToken token)
            {
                await Task.Delay(TimeSpan.FromSeconds(message % 5), test.Time, token);
                finished++;
            }
        },
        new AsyncTestOptions { Schedules = 500 });

    [Fact]
    public void A_drained_fan_out_that_exceeds_DrainTimeout_is_aborted_and_counted() => AsyncTest.Run(async test =>
    {
        var (channel, log) = (Messages(30), new LogLines());
        var code = await GracefulShutdown.RunAsync(
            async shutdown =>
            {
                _ = StopAfterAsync(shutdown, test, 1);
                var options = new FanOutOptions { MaxConcurrency = 4, DrainToken = shutdown.Stopping };
                await channel.Reader.ReadAllAsync().FanOutAsync(
                    options, (_, token) => Task.Delay(TimeSpan.FromHours(1), test.Time, token), shutdown.Aborting);
            },
            Quiet with { Logger = log });

        Assert.Equal(1, code);
        Assert.Equal("The shutdown cancelled work; 4 accepted items of fan-outs did not complete.", Line(log, 77));
        Assert.Equal(26, channel.Reader.Count);
    });

    [Theory]
    [InlineData("thrown")]
    [InlineData("caught")]
    [InlineData("second of two")]
    [InlineData("report")]
    [InlineData("stream")]
    [InlineData("deadline")]
    public void A_shutdown_that_cancels_items_of_a_fan_out_returns_1_and_logs_their_number(string shape) => AsyncTest.Run(
        async test =>
        {
            var (channel, log) = (Messages(4), new LogLines());
            Func<int, CancellationToken, Task<int>> handle = async (message, token) =>
            {
                await Task.Delay(message == 0 ? TimeSpan.Zero : TimeSpan.FromHours(1), test.Time, token);
                return message;
            };
            var code = await GracefulShutdown.RunAsync(
                async shutdown =>
                {
                    _ = StopAfterAsync(shutdown, test, 1);
                    var messages = channel.Reader.ReadAllAsync(shutdown.Stopping);
                    switch (shape)
                    {
                        case "thrown":
                            await messages.FanOutAsync(4, handle, shutdown.Aborting);
                            break;
                        case "caught":
                            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                                () => messages.FanOutAsync(4, handle, shutdown.Stopping));
                            break;
                        case "second of two":
                            var idle = Channel.CreateUnbounded<int>().Reader.ReadAllAsync();
                            await Task.WhenAll(
                                idle.FanOutAsync(4, handle, shutdown.Stopping),
                                messages.FanOutAsync(4, handle, shutdown.Stopping));
                            break;
                        case "report":
                            _ = await channel.Reader.ReadAllAsync().FanOutReportAsync(4, handle, shutdown.Stopping);
                            break;
                        case "stream":
                            await foreach (var message in messages.FanOutStream(4, handle, shutdown.Stopping))
                            {
                                Assert.Equal(0, message);
                            }

                            break;
                        default:
                            await Deadline.RunAsync(
                                token => messages.FanOutAsync(4, handle, token), TimeSpan.FromHours(1), shutdown.Stopping);
                            break;
                    }
                },
                Quiet with { Logger = log });

            Assert.Equal("The shutdown cancelled work; 3 accepted items of fan-outs did not complete.", Line(log, 77));
            Assert.Equal(1, code);
        },
        new AsyncTestOptions { Schedules = 100 });

    [Fact]
    public void A_fan_out_that_fails_or_whose_reader_leaves_during_a_drain_loses_nothing() => AsyncTest.Run(async test =>
    {
        var code = await GracefulShutdown.RunAsync(
            async shutdown =>
            {
                shutdown.Stop();
                await Task.Delay(TimeSpan.FromSeconds(1), test.Time, CancellationToken.None);
                await Assert.ThrowsAsync<FormatException>(() => new[] { 0, 1, 2 }.FanOutAsync(3, async (item, token) =>
                {
                    await Task.Yield();
                    return item == 0 ? throw new FormatException() : await WaitAsync(token);
                }));
                await foreach (var item in new[] { 0, 1, 2 }.FanOutStream(3, async (item, token) => item == 0 ? 0 : await WaitAsync(token)))
                {
                    break; // The first answer is enough.
                }
            },
            Quiet);

        Assert.Equal(0, code);

        async Task<int> WaitAsync(CancellationToken token)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), test.Time, token);
            return 1;
        }
    });

    [Fact]
    public void A_cancellation_that_hides_a_failure_returns_1_and_is_logged() => AsyncTest.Run(async test =>
    {
        foreach (var main in (Func<GracefulShutdown, Task>[])
            [
                _ => throw new TaskCanceledException("HttpClient.Timeout", new TimeoutException()),
                shutdown => new[] { 1 }.FanOutAsync(1, (_, _) => Task.FromCanceled(shutdown.Stopping)),
                _ => CancelThenFailAsync(),
            ])
        {
            var log = new LogLines();
            var code = await GracefulShutdown.RunAsync(
                async shutdown =>
                {
                    shutdown.Stop();
                    await Task.Delay(TimeSpan.FromSeconds(1), test.Time, CancellationToken.None);
                    await main(shutdown);
                },
                Quiet with { Logger = log });

            Assert.Equal(1, code);
            Assert.Equal("The main function failed while it was stopping.", Line(log, 78));
        }

        static async Task CancelThenFailAsync()
        {
            using var cts = new CancellationTokenSource();
            await new[] { 1 }.FanOutAsync(
                1,
                async (_, _) =>
                {
                    await cts.CancelAsync();
                    throw new FormatException();
                },
                cts.Token);
        }
    });

    [Fact]
    public Task Hooks_run_on_the_pool_if_the_shutdown_was_requested_before_the_call() => Ui.RunAsync(async ui =>
    {
        using var registered = new ManualResetEventSlim();
        var onContext = new List<bool>();
        var code = await GracefulShutdown.RunAsync(
            shutdown =>
            {
                shutdown.OnStopping(_ => HookAsync());
                shutdown.OnStopped(_ => HookAsync());
                registered.Set();
                return Task.CompletedTask;
            },
            Quiet with { Logger = new LogLines { OnLine = registered.Wait } }, // The stages wait for the hooks.
            new CancellationToken(canceled: true));

        Assert.Equal(0, code);
        Assert.Equal([false, false], onContext);

        ValueTask HookAsync()
        {
            onContext.Add(ui.IsHere);
            return default;
        }
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

    private static Channel<int> Messages(int count)
    {
        var channel = Channel.CreateUnbounded<int>();
        for (var message = 0; message < count; message++)
        {
            Assert.True(channel.Writer.TryWrite(message));
        }

        return channel;
    }

    private static async Task StopAfterAsync(GracefulShutdown shutdown, AsyncTestContext test, int seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds), test.Time);
        shutdown.Stop();
    }

    private static string Line(LogLines log, int id) => Assert.Single(log.All, line => line.Id == id).Text;

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
