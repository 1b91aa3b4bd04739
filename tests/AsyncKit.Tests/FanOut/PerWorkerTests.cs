using System.Collections.Concurrent;
using AsyncKit.Testing;
using Polly;

namespace AsyncKit.Tests;

/// <summary>The guarantees of a resource for each worker that need time, a context or a special pipeline. The contract
/// has the others.</summary>
public sealed class PerWorkerTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly int[] Items = [0, 1, 2, 3];

    [Fact]
    public void Opening_counts_as_time_of_the_item_and_the_next_item_opens_again() => AsyncTest.Run(async context =>
    {
        var opens = 0;
        var probe = new WorkerProbe
        {
            BeforeOpen = token => ++opens == 1 ? Task.Delay(60 * Second, context.Time, token) : Task.CompletedTask,
        };
        var options = new FanOutOptions(1) { ItemTimeout = Second, TimeProvider = context.Time };

        var report = await Items.PerWorker(probe.OpenAsync).FanOutReportAsync(
            options with { OnFailure = FailureMode.RunToEnd }, WorkerProbe.Use((int item, CancellationToken _) => new ValueTask<int>(item)));

        Assert.IsType<TimeoutException>(Assert.Single(report.Failures).Exception);
        Assert.Equal(Second, context.Time.Elapsed);
        Assert.Equal((1, 3), (probe.Opened, probe.Used));
        probe.Check(limit: 1);
    });

    [Fact]
    public void A_resource_that_was_opened_too_late_is_kept_for_the_next_item() => AsyncTest.Run(async context =>
    {
        var probe = new WorkerProbe { BeforeOpen = _ => Task.Delay(2 * Second, context.Time, CancellationToken.None) };
        var options = new FanOutOptions(1)
        {
            OnFailure = FailureMode.RunToEnd,
            ItemTimeout = Second,
            TimeProvider = context.Time,
        };

        var report = await Items.PerWorker(probe.OpenAsync).FanOutReportAsync(
            options, WorkerProbe.Use((int item, CancellationToken _) => new ValueTask<int>(item)));

        Assert.Equal(0, Assert.Single(report.Failures).Index);
        Assert.Equal((1, 3), (probe.Opened, probe.Used));
        probe.Check(limit: 1);
    });

    [Fact]
    public void Opening_a_replacement_counts_as_time_of_the_next_attempt() => AsyncTest.Run(async context =>
    {
        var opens = 0;
        var probe = new WorkerProbe
        {
            BeforeOpen = token => Task.Delay((++opens == 2 ? 60 : 0) * Second, context.Time, token),
        };
        var attempts = 0;
        var options = new FanOutOptions(1)
        {
            TimeProvider = context.Time,
            Retry = new RetryOptions { Backoff = Backoff.None, AttemptTimeout = Second, ShouldRetry = _ => true },
        };

        var results = await Items.PerWorker(probe.OpenAsync).FanOutAsync(
            options,
            WorkerProbe.Use((int item, CancellationToken _) => ++attempts == 2 ? throw new FormatException() : new ValueTask<int>(item)));

        Assert.Equal(Items, results);
        Assert.Equal((3, 2), (opens, probe.Opened)); // The second one timed out and was retried.
        Assert.Equal(Second, context.Time.Elapsed);
        probe.Check(limit: 1);
    });

    [Fact]
    public void A_broken_resource_is_disposed_before_the_delay_of_the_retry() => AsyncTest.Run(async context =>
    {
        var disposedAt = new List<TimeSpan>();
        var probe = new WorkerProbe
        {
            DisposeFault = _ =>
            {
                disposedAt.Add(context.Time.Elapsed);
                return null;
            },
        };
        var attempts = 0;
        var options = new FanOutOptions(1)
        {
            TimeProvider = context.Time,
            Retry = new RetryOptions { Backoff = Backoff.Constant(Second), ShouldRetry = _ => true },
        };

        await Items.PerWorker(probe.OpenAsync).FanOutAsync(
            options,
            WorkerProbe.Use((int item, CancellationToken _) => ++attempts == 1 ? throw new FormatException() : new ValueTask<int>(item)));

        Assert.Equal([TimeSpan.Zero, Second], disposedAt);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Opener_operation_and_disposal_observe_the_ExecutionContext_of_the_caller(bool isRetried)
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new ConcurrentBag<string?>();
        var options = new FanOutOptions(2)
        {
            OnFailure = FailureMode.RunToEnd,
            Retry = isRetried ? new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None, ShouldRetry = _ => true } : null,
        };

        var report = Enumerable.Range(0, 40).PerWorker(OpenAsync).FanOutReportAsync(options, UseAsync);
        local.Value = "later";
        await report.OrHangs();

        Assert.True(seen.Count >= 80, $"Only {seen.Count} calls.");
        Assert.All(seen, value => Assert.Equal("caller", value));

        // None of them is an async method, so what they set would stay without isolation.
        ValueTask<Setting> OpenAsync(CancellationToken cancellationToken)
        {
            See("opener");
            return new ValueTask<Setting>(new Setting(() => See("disposal")));
        }

        ValueTask<int> UseAsync(Setting setting, int item, CancellationToken cancellationToken)
        {
            See("operation");
            return (item % 4) switch
            {
                0 => throw new FormatException(),
                1 => new ValueTask<int>(FailAsync()),
                2 => new ValueTask<int>(YieldAsync()),
                _ => new ValueTask<int>(item),
            };
        }

        void See(string next)
        {
            seen.Add(local.Value);
            local.Value = next;
        }

        static async Task<int> YieldAsync()
        {
            await Task.Yield();
            return 0;
        }

        static async Task<int> FailAsync()
        {
            await Task.Yield();
            throw new FormatException();
        }
    }

    [Fact]
    public void Attempts_that_run_at_the_same_time_never_share_a_resource() => AsyncTest.Run(async context =>
    {
        var probe = new WorkerProbe();
        var options = new FanOutOptions(2) { Pipeline = Twice(_ => true) };

        var results = await Items.PerWorker(probe.OpenAsync).FanOutAsync(options, WorkerProbe.Use(async (int item, CancellationToken _) =>
        {
            await Task.Yield();
            return item;
        }));

        Assert.Equal(Items, results);
        Assert.Equal(8, probe.Used);
        probe.Check(limit: 4);
    }, new AsyncTestOptions { Schedules = 500 });

    [Fact]
    public async Task An_attempt_that_outlives_the_run_disposes_its_resource()
    {
        var gate = new TestGate();
        var probe = new WorkerProbe();
        var calls = 0;
        var abandoned = new TaskCompletionSource();
        var options = new FanOutOptions(1)
        {
            Pipeline = Twice(attempt =>
            {
                _ = attempt.ContinueWith(_ => abandoned.SetResult(), TaskScheduler.Default);
                return false;
            }),
        };

        var results = await new[] { 7 }.PerWorker(probe.OpenAsync).FanOutAsync(options, WorkerProbe.Use(async (int item, CancellationToken _) =>
        {
            if (Interlocked.Increment(ref calls) == 2)
            {
                await gate.PassAsync(CancellationToken.None);
            }

            return item;
        })).OrHangs();
        Assert.Equal([7], results);
        Assert.Equal((1, 1), (probe.Opened, probe.Alive));
        gate.Open();
        await abandoned.Task.OrHangs();

        probe.Check(limit: 1);
    }

    [Fact]
    public async Task A_resource_without_IAsyncDisposable_is_disposed_synchronously_or_not_at_all()
    {
        var stream = new MemoryStream();

        var numbers = await Items.PerWorker(_ => new ValueTask<int>(7)).FanOutAsync(1, (seven, item, _) => new ValueTask<int>(seven + item));
        var nothing = await Items.PerWorker(_ => new ValueTask<string?>((string?)null)).FanOutAsync(1, (none, _, _) => new ValueTask<bool>(none is null));
        await Items.PerWorker(_ => new ValueTask<IDisposable>(new Synchronous(stream))).FanOutAsync(1, (_, item, _) => new ValueTask<int>(item));

        Assert.Equal([7, 8, 9, 10], numbers);
        Assert.DoesNotContain(false, nothing);
        Assert.False(stream.CanRead);
    }

    [Fact]
    public async Task Each_call_is_a_separate_run_with_its_own_resources()
    {
        var probe = new WorkerProbe();
        var orders = Items.PerWorker(probe.OpenAsync);
        var use = WorkerProbe.Use((int item, CancellationToken _) => new ValueTask<int>(item));

        Assert.Equal(Items, await orders.FanOutAsync(1, use));
        Assert.Equal(Items, await orders.FanOutAsync(1, use));

        Assert.Equal(2, probe.Opened);
        probe.Check(limit: 1);
    }

    [Fact]
    public async Task A_stream_that_is_left_early_disposes_every_resource()
    {
        var probe = new WorkerProbe();

        await foreach (var item in Enumerable.Range(0, 1_000).PerWorker(probe.OpenAsync)
            .FanOutStream(3, WorkerProbe.Use((int item, CancellationToken _) => new ValueTask<int>(item))))
        {
            if (item == 5)
            {
                break;
            }
        }

        Assert.InRange(probe.Opened, 1, 3);
        probe.Check(limit: 3);
    }

    [Fact]
    public void Invalid_arguments_throw_at_the_call()
    {
        var numbers = Items.PerWorker(_ => new ValueTask<int>(1));
        Func<int, int, CancellationToken, ValueTask<int>> add = (one, item, _) => new ValueTask<int>(one + item);

        Assert.Throws<ArgumentNullException>("source", () => ((int[])null!).PerWorker(_ => new ValueTask<int>(1)));
        Assert.Throws<ArgumentNullException>("source", () => ((IAsyncEnumerable<int>)null!).PerWorker(_ => new ValueTask<int>(1)));
        Assert.Throws<ArgumentNullException>("open", () => Items.PerWorker((Func<CancellationToken, ValueTask<int>>)null!));
        Assert.Throws<ArgumentNullException>("open", () => Items.PerWorker((Func<CancellationToken, Task<int>>)null!));
        Assert.Throws<ArgumentNullException>("options", () => { _ = numbers.FanOutAsync(null!, add); });
        Assert.Throws<ArgumentNullException>("operation", () => { _ = numbers.FanOutAsync(1, (Func<int, int, CancellationToken, Task>)null!); });
        Assert.Throws<ArgumentNullException>("operation", () => { _ = numbers.FanOutAsync(1, (Func<int, int, CancellationToken, Task<int>>)null!); });
        Assert.Throws<ArgumentNullException>("operation", () => { _ = numbers.FanOutAsync(1, (Func<int, int, CancellationToken, ValueTask>)null!); });
        Assert.Throws<ArgumentNullException>("operation", () => { _ = numbers.FanOutAsync(1, (Func<int, int, CancellationToken, ValueTask<int>>)null!); });
        var limit = Assert.Throws<ArgumentOutOfRangeException>("maxConcurrency", () => { _ = numbers.FanOutAsync(0, add); });
        Assert.Equal(0, limit.ActualValue);
    }

    /// <summary>A pipeline that makes two attempts at the same time and returns the outcome of the first.</summary>
    private static ResiliencePipeline Twice(Func<Task, bool> mustWait) =>
        new ResiliencePipelineBuilder().AddStrategy(_ => new TwiceStrategy(mustWait), new TwiceOptions()).Build();

    private sealed class TwiceOptions : ResilienceStrategyOptions;

    private sealed class TwiceStrategy(Func<Task, bool> mustWait) : ResilienceStrategy
    {
        protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            var first = callback(context, state).AsTask();
            var second = callback(ResilienceContextPool.Shared.Get(context.CancellationToken), state).AsTask();
            var outcome = await first;
            if (mustWait(second))
            {
                _ = await second;
            }

            return outcome;
        }
    }

    private sealed class Setting(Action onDisposed) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            onDisposed();
            return default;
        }
    }

    private sealed class Synchronous(Stream stream) : IDisposable
    {
        public void Dispose() => stream.Dispose();
    }
}
