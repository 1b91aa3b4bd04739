using System.Collections.Concurrent;

namespace AsyncKit.Tests;

/// <summary>Each piece of user code sees the ExecutionContext of the caller, and none sees what another one
/// set.</summary>
public sealed class ExecutionFlowTests : IClassFixture<NothingLeftBehind>
{
    private const string Caller = "caller";

    public static TheoryData<RetryOptions> RetryKinds() => CallerContextTests.RetryKinds();

    [Theory]
    [MemberData(nameof(RetryKinds), DisableDiscoveryEnumeration = true)]
    public async Task Attempts_and_callbacks_of_a_retry_see_what_the_caller_set(RetryOptions kind)
    {
        foreach (var backoff in (Backoff[])[Backoff.None, Backoff.Constant(TimeSpan.FromMilliseconds(1))])
        {
            var flow = new Flow();
            var options = kind with
            {
                MaxAttempts = 3,
                Backoff = backoff,
                ShouldRetry = _ => flow.See("ShouldRetry", true),
                DelayHint = _ => flow.See<TimeSpan?>("DelayHint", null),
                OnRetry = _ => flow.See("OnRetry", true),
            };

            await Assert.ThrowsAsync<FormatException>(async () => await Retry.RunAsync(
                _ => flow.See("operation", Task.FromException(new FormatException())), options));

            flow.AssertAll("operation", "ShouldRetry", "DelayHint", "OnRetry");
        }
    }

    [Fact]
    public async Task Cleanups_see_what_the_code_that_closes_the_scope_set()
    {
        var flow = new Flow();
        await using (var scope = new AsyncScope())
        {
            Add(scope);
        }

        flow.AssertAll("1", "2", "3");
        var other = flow = new Flow();
        await AsyncScope.RunAsync((scope, _) =>
        {
            Add(scope);
            return other.See("body", Task.CompletedTask);
        });

        flow.AssertAll("1", "2", "3", "body");

        void Add(AsyncScope scope)
        {
            scope.Defer(() => flow.See("1", true));
            scope.DeferAsync(_ => flow.See<ValueTask>("2", default));
            _ = scope.Add(new Item(() => flow.See("3", true)));
        }
    }

    [Fact]
    public async Task The_functions_of_a_pool_see_what_the_renter_set()
    {
        var flow = new Flow();
        await using (var pool = new AsyncPool<Item>(new()
        {
            MaxSize = 1,
            Create = _ => flow.See("create", new ValueTask<Item>(new Item(() => flow.See("dispose", true)))),
            Validate = (_, _) => flow.See("validate", new ValueTask<bool>(false)),
            Reset = _ => flow.See<ValueTask>("reset", default),
        }))
        {
            for (var round = 0; round < 3; round++)
            {
                await (await pool.RentAsync()).DisposeAsync();
            }
        }

        flow.AssertAll("create", "validate", "reset", "dispose");
    }

    [Fact]
    public async Task The_hooks_of_a_shutdown_see_what_the_caller_set()
    {
        var flow = new Flow();

        await GracefulShutdown.RunAsync(
            shutdown =>
            {
                shutdown.OnStopping(_ => flow.See<ValueTask>("stopping", default));
                shutdown.OnStopped(_ => flow.See<ValueTask>("stopped", default));
                shutdown.OnStopped(_ => flow.See<ValueTask>("stopped", default));
                shutdown.Stop();
                return flow.See("main", Task.Delay(Timeout.Infinite, shutdown.Stopping));
            },
            new GracefulShutdownOptions { Signals = [] }).OrHangs();

        flow.AssertAll("main", "stopping", "stopped");
    }

    [Fact]
    public async Task Everything_of_a_fan_out_sees_what_the_caller_set()
    {
        foreach (var isPartitioned in (bool[])[false, true])
        {
            foreach (var entryPoint in (Func<IEnumerable<int>, FanOutOptions, Func<int, CancellationToken, Task<int>>, Task>[])
                [
                    (source, options, operation) => source.FanOutAsync(options, operation),
                    (_, options, operation) => new int[6].FanOutAsync(options, operation),
                    (source, options, operation) => source.FanOutReportAsync(options, operation),
                    (source, options, operation) => ReadAsync(source.FanOutStream(options, operation)),
                    (source, options, operation) => ReadAsync(source.FanOutOutcomes(options, operation)),
                ])
            {
                await RunAsync(isPartitioned, entryPoint).OrHangs();
            }
        }

        static async Task ReadAsync<T>(IAsyncEnumerable<T> stream)
        {
            await foreach (var _ in stream)
            {
                // The values do not matter.
            }
        }
    }

    private static async Task RunAsync(
        bool isPartitioned, Func<IEnumerable<int>, FanOutOptions, Func<int, CancellationToken, Task<int>>, Task> entryPoint)
    {
        var flow = new Flow();
        var (calls, isEnumerated) = (0, false);
        var isSlow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = OptionsOf(flow, isPartitioned, isSlow);

        await entryPoint(Source(), options, (item, _) => flow.See("operation", CallAsync(item)));

        string[] codes =
            ["operation", "IsThrottled", "ShouldRetry", "DelayHint", "OnRetry", "Progress", "OnSlowItem"];
        flow.AssertAll([.. codes, .. isPartitioned ? ["key"] : Array.Empty<string>(), .. isEnumerated ? ["source"] : Array.Empty<string>()]);

        async Task<int> CallAsync(int item)
        {
            if (Interlocked.Increment(ref calls) <= 2)
            {
                throw new FormatException(); // The first two attempts complete synchronously.
            }

            await isSlow.Task;
            return item;
        }

        IEnumerable<int> Source()
        {
            isEnumerated = true;
            try
            {
                for (var item = 0; item < 6; item++)
                {
                    yield return flow.See("source", item);
                }
            }
            finally
            {
                flow.See("source", true);
            }
        }
    }

    private static FanOutOptions OptionsOf(Flow flow, bool isPartitioned, TaskCompletionSource isSlow) => new()
    {
        MaxConcurrency = 2,
        Gate = new ConcurrencyGate(2),
        IsThrottled = _ => flow.See("IsThrottled", false),
        Partition = isPartitioned ? FanOutPartition.By<int, int>(item => flow.See("key", item), 1) : null,
        Progress = new Receiver(() => flow.See("Progress", true)),
        ProgressInterval = TimeSpan.FromMilliseconds(1),
        SlowItemThreshold = TimeSpan.FromMilliseconds(1),
        OnSlowItem = _ =>
        {
            flow.See("OnSlowItem", true);
            isSlow.TrySetResult();
        },
        Retry = new RetryOptions
        {
            Backoff = Backoff.None,
            ShouldRetry = _ => flow.See("ShouldRetry", true),
            DelayHint = _ => flow.See<TimeSpan?>("DelayHint", null),
            OnRetry = _ => flow.See("OnRetry", true),
        },
    };

    private sealed class Flow
    {
        private readonly AsyncLocal<string> _local = new() { Value = Caller };
        private readonly ConcurrentQueue<(string Code, string? Seen)> _notes = [];

        /// <summary>Notes the value that a piece of code sees, and changes it.</summary>
        public T See<T>(string code, T result)
        {
            _notes.Enqueue((code, _local.Value));
            _local.Value = code;
            return result;
        }

        public void AssertAll(params string[] codes)
        {
            Assert.Equal(
                codes.Order(StringComparer.Ordinal),
                _notes.Select(note => note.Code).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
            Assert.All(_notes, note => Assert.Equal((note.Code, Caller), note));
        }
    }

    private sealed class Receiver(Action onReport) : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value) => onReport();
    }

    private sealed class Item(Action onDisposed) : IDisposable
    {
        public void Dispose() => onDisposed();
    }
}
