namespace AsyncKit.Tests;

/// <summary>
/// Every public method that takes a delegate compiles without a cast and runs with each shape of a delegate. The shapes
/// are a lambda that returns a task, one that only throws, an async lambda and a method group, for Task and ValueTask.
/// </summary>
public sealed class DelegateShapesTests : IClassFixture<NothingLeftBehind>
{
    private static readonly int[] Items = [1, 2, 3];
    private static readonly RetryOptions Once = new() { MaxAttempts = 1 };
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly FanOutOptions Options = new(2);

    // The method groups: for an item, for a resource and an item, and for a token alone.
    private static Task<int> GetAsync(int item, CancellationToken token) => Task.FromResult(item);

    private static ValueTask<int> GetValueAsync(int item, CancellationToken token) => new(item);

    private static Task DoAsync(int item, CancellationToken token) => Task.CompletedTask;

    private static ValueTask DoValueAsync(int item, CancellationToken token) => default;

    private static Task<int> GetAsync(string worker, int item, CancellationToken token) => Task.FromResult(item);

    private static ValueTask<int> GetValueAsync(string worker, int item, CancellationToken token) => new(item);

    private static Task DoAsync(string worker, int item, CancellationToken token) => Task.CompletedTask;

    private static ValueTask DoValueAsync(string worker, int item, CancellationToken token) => default;

    private static Task<string> OpenAsync(CancellationToken token) => Task.FromResult("open");

    private static ValueTask<string> OpenValueAsync(CancellationToken token) => new("open");

    private static Task StopAsync(CancellationToken token) => Task.CompletedTask;

    private static ValueTask StopValueAsync(CancellationToken token) => default;

    private static Task StopAsync() => Task.CompletedTask;

    private static ValueTask StopValueAsync() => default;

    private static void Stop()
    {
        // A cleanup that does nothing.
    }

    [Fact]
    public async Task FanOutAsync_takes_every_shape()
    {
        foreach (var limit in new[] { 1, 2 })
        {
            int[] a = await Items.FanOutAsync(limit, (item, token) => Task.FromResult(item));
            int[] b = await Items.FanOutAsync(limit, (item, token) => new ValueTask<int>(item));
            int[] c = await Items.FanOutAsync(Options, async (item, token) => await GetAsync(item, token));
            int[] d = await Items.FanOutAsync(Options, GetAsync);
            int[] e = await Items.FanOutAsync(limit, GetValueAsync);
            Assert.All([a, b, c, d, e], results => Assert.Equal(Items, results));
        }

        await Items.FanOutAsync(2, (item, token) => Task.CompletedTask);
        await Items.FanOutAsync(2, (item, token) => ValueTask.CompletedTask);
        await Items.FanOutAsync(Options, async (item, token) => await DoAsync(item, token));
        await Items.FanOutAsync(Options, DoAsync);
        await Items.FanOutAsync(2, DoValueAsync);
        await Streamed().FanOutAsync(2, DoValueAsync);
        await Streamed().FanOutAsync(Options, GetAsync);
        await ThrowsAsync(() => Items.FanOutAsync(2, (item, token) => throw new FormatException()));
        await ThrowsAsync(() => Streamed().FanOutAsync(Options, (item, token) => throw new FormatException()));
    }

    [Fact]
    public async Task FanOutReportAsync_takes_every_shape()
    {
        FanOutReport<int, int>[] results =
        [
            await Items.FanOutReportAsync(2, (item, token) => Task.FromResult(item)),
            await Items.FanOutReportAsync(2, (item, token) => new ValueTask<int>(item)),
            await Items.FanOutReportAsync(Options, async (item, token) => await GetAsync(item, token)),
            await Items.FanOutReportAsync(Options, GetAsync),
            await Streamed().FanOutReportAsync(2, GetValueAsync),
        ];
        FanOutReport<int>[] others =
        [
            await Items.FanOutReportAsync(2, (item, token) => Task.CompletedTask),
            await Items.FanOutReportAsync(2, (item, token) => ValueTask.CompletedTask),
            await Items.FanOutReportAsync(Options, async (item, token) => await DoAsync(item, token)),
            await Items.FanOutReportAsync(Options, DoAsync),
            await Streamed().FanOutReportAsync(2, DoValueAsync),
        ];
        var failed = await Items.FanOutReportAsync(2, (item, token) => throw new FormatException());

        Assert.All(results, report => Assert.Equal(Items, report.Values));
        Assert.All(others, report => Assert.Equal(3, report.SucceededCount));
        Assert.Equal(3, failed.FailedCount);
    }

    [Fact]
    public async Task FanOutStream_takes_every_shape()
    {
        await YieldsItemsAsync(Items.FanOutStream(2, (item, token) => Task.FromResult(item)));
        await YieldsItemsAsync(Items.FanOutStream(2, (item, token) => new ValueTask<int>(item)));
        await YieldsItemsAsync(Items.FanOutStream(Options, async (item, token) => await GetAsync(item, token)));
        await YieldsItemsAsync(Items.FanOutStream(Options, GetAsync));
        await YieldsItemsAsync(Streamed().FanOutStream(2, GetValueAsync));
        await ThrowsAsync(() => YieldsItemsAsync(Items.FanOutStream<int, int>(2, (item, token) => throw new FormatException())));
    }

    [Fact]
    public async Task FanOutOutcomes_takes_every_shape()
    {
        await SucceedsAsync(Items.FanOutOutcomes(2, (item, token) => Task.FromResult(item)));
        await SucceedsAsync(Items.FanOutOutcomes(2, (item, token) => new ValueTask<int>(item)));
        await SucceedsAsync(Items.FanOutOutcomes(Options, async (item, token) => await GetAsync(item, token)));
        await SucceedsAsync(Items.FanOutOutcomes(Options, GetAsync));
        await SucceedsAsync(Streamed().FanOutOutcomes(2, GetValueAsync));
        await SucceedsAsync(Items.FanOutOutcomes(2, (item, token) => Task.CompletedTask));
        await SucceedsAsync(Items.FanOutOutcomes(2, (item, token) => ValueTask.CompletedTask));
        await SucceedsAsync(Items.FanOutOutcomes(Options, async (item, token) => await DoAsync(item, token)));
        await SucceedsAsync(Items.FanOutOutcomes(Options, DoAsync));
        await SucceedsAsync(Streamed().FanOutOutcomes(2, DoValueAsync));
        await foreach (var outcome in Items.FanOutOutcomes(2, (item, token) => throw new FormatException()))
        {
            Assert.Equal(FanOutOutcomeKind.Failed, outcome.Kind);
        }
    }

    [Fact]
    public async Task PerWorker_takes_every_shape_of_opener()
    {
        PerWorker<int, string>[] all =
        [
            Items.PerWorker(token => Task.FromResult("open")),
            Items.PerWorker(token => new ValueTask<string>("open")),
            Items.PerWorker(async token => await OpenAsync(token)),
            Items.PerWorker(OpenAsync),
            Items.PerWorker(OpenValueAsync),
            Streamed().PerWorker(token => Task.FromResult("open")),
            Streamed().PerWorker(token => new ValueTask<string>("open")),
            Streamed().PerWorker(async token => await OpenAsync(token)),
            Streamed().PerWorker(OpenAsync),
            Streamed().PerWorker(OpenValueAsync),
        ];
        var failing = Items.PerWorker<int, string>(token => throw new FormatException());

        foreach (var one in all)
        {
            Assert.Equal(Items, await one.FanOutAsync(2, GetAsync));
        }

        await ThrowsAsync(() => failing.FanOutAsync(2, GetAsync));
    }

    [Fact]
    public async Task PerWorker_takes_every_shape_of_operation()
    {
        var source = Items.PerWorker(OpenAsync);

        int[] a = await source.FanOutAsync(2, (worker, item, token) => Task.FromResult(item));
        int[] b = await source.FanOutAsync(2, (worker, item, token) => new ValueTask<int>(item));
        int[] c = await source.FanOutAsync(Options, async (worker, item, token) => await GetAsync(worker, item, token));
        int[] d = await source.FanOutAsync(Options, GetAsync);
        int[] e = await source.FanOutAsync(2, GetValueAsync);
        Assert.All([a, b, c, d, e], results => Assert.Equal(Items, results));
        await source.FanOutAsync(2, (worker, item, token) => Task.CompletedTask);
        await source.FanOutAsync(2, (worker, item, token) => ValueTask.CompletedTask);
        await source.FanOutAsync(Options, async (worker, item, token) => await DoAsync(worker, item, token));
        await source.FanOutAsync(Options, DoAsync);
        await source.FanOutAsync(2, DoValueAsync);
        await ThrowsAsync(() => source.FanOutAsync(2, (worker, item, token) => throw new FormatException()));

        await YieldsItemsAsync(source.FanOutStream(2, (worker, item, token) => Task.FromResult(item)));
        await YieldsItemsAsync(source.FanOutStream(2, async (worker, item, token) => await GetAsync(worker, item, token)));
        await YieldsItemsAsync(source.FanOutStream(Options, GetAsync));
        await YieldsItemsAsync(source.FanOutStream(Options, GetValueAsync));

        FanOutReport<int, int> f = await source.FanOutReportAsync(2, (worker, item, token) => new ValueTask<int>(item));
        FanOutReport<int, int> g = await source.FanOutReportAsync(Options, GetAsync);
        FanOutReport<int> h = await source.FanOutReportAsync(2, async (worker, item, token) => await DoAsync(worker, item, token));
        FanOutReport<int> i = await source.FanOutReportAsync(Options, DoValueAsync);
        FanOutReport<int> j = await source.FanOutReportAsync(2, (worker, item, token) => throw new FormatException());
        Assert.Equal([3, 3, 3, 3, 0], [f.SucceededCount, g.SucceededCount, h.SucceededCount, i.SucceededCount, j.SucceededCount]);

        await SucceedsAsync(source.FanOutOutcomes(2, (worker, item, token) => Task.FromResult(item)));
        await SucceedsAsync(source.FanOutOutcomes(Options, GetValueAsync));
        await SucceedsAsync(source.FanOutOutcomes(2, async (worker, item, token) => await DoAsync(worker, item, token)));
        await SucceedsAsync(source.FanOutOutcomes(Options, DoAsync));
    }

    [Fact]
    public async Task Retry_takes_every_shape()
    {
        string a = await Retry.RunAsync(token => Task.FromResult("open"));
        string b = await Retry.RunAsync(token => new ValueTask<string>("open"));
        string c = await Retry.RunAsync(async token => await OpenAsync(token));
        string d = await Retry.RunAsync(OpenAsync);
        string e = await Retry.RunAsync(OpenValueAsync, Once);
        Assert.All([a, b, c, d, e], result => Assert.Equal("open", result));
        await Retry.RunAsync(token => Task.CompletedTask);
        await Retry.RunAsync(token => ValueTask.CompletedTask);
        await Retry.RunAsync(async token => await StopAsync(token));
        await Retry.RunAsync(StopAsync);
        await Retry.RunAsync(StopValueAsync);
        await ThrowsAsync(async () => await Retry.RunAsync(token => throw new FormatException()));
    }

    [Fact]
    public async Task Deadline_takes_every_shape()
    {
        string a = await Deadline.RunAsync(token => Task.FromResult("open"), Minute);
        string b = await Deadline.RunAsync(token => new ValueTask<string>("open"), Minute);
        string c = await Deadline.RunAsync(async token => await OpenAsync(token), Minute);
        string d = await Deadline.RunAsync(OpenAsync, new DeadlineOptions { Limit = Minute });
        string e = await Deadline.RunAsync(OpenValueAsync, Minute);
        Assert.All([a, b, c, d, e], result => Assert.Equal("open", result));
        await Deadline.RunAsync(token => Task.CompletedTask, Minute);
        await Deadline.RunAsync(token => ValueTask.CompletedTask, Minute);
        await Deadline.RunAsync(async token => await StopAsync(token), Minute);
        await Deadline.RunAsync(StopAsync, Minute);
        await Deadline.RunAsync(StopValueAsync, new DeadlineOptions { Limit = Minute });
        await ThrowsAsync(async () => await Deadline.RunAsync(token => throw new FormatException(), Minute));
    }

    [Fact]
    public async Task Decorators_take_every_shape()
    {
        Assert.Equal(1, await Retry.WithRetry<int, int>(GetAsync, Once)(1, default));
        Assert.Equal(1, await Retry.WithRetry<int, int>(GetValueAsync, Once)(1, default));
        Assert.Equal(1, await Retry.WithRetry((int item, CancellationToken token) => Task.FromResult(item))(1, default));
        Assert.Equal(1, await Retry.WithRetry(async (int item, CancellationToken token) => await GetAsync(item, token))(1, default));
        await Retry.WithRetry<int>(DoAsync)(1, default);
        await Retry.WithRetry<int>(DoValueAsync)(1, default);
        await Retry.WithRetry(async (int item, CancellationToken token) => await DoAsync(item, token))(1, default);
        await ThrowsAsync(async () => await Retry.WithRetry((int item, CancellationToken token) => throw new FormatException())(1, default));

        Assert.Equal(1, await Deadline.WithTimeout<int, int>(GetAsync, Minute)(1, default));
        Assert.Equal(1, await Deadline.WithTimeout<int, int>(GetValueAsync, Minute)(1, default));
        Assert.Equal(1, await Deadline.WithTimeout((int item, CancellationToken token) => Task.FromResult(item), Minute)(1, default));
        Assert.Equal(1, await Deadline.WithTimeout(async (int item, CancellationToken token) => await GetAsync(item, token), Minute)(1, default));
        await Deadline.WithTimeout<int>(DoAsync, Minute)(1, default);
        await Deadline.WithTimeout<int>(DoValueAsync, Minute)(1, default);
        await Deadline.WithTimeout(async (int item, CancellationToken token) => await DoAsync(item, token), Minute)(1, default);
        await ThrowsAsync(async () => await Deadline.WithTimeout((int item, CancellationToken token) => throw new FormatException(), Minute)(1, default));
    }

    [Fact]
    public async Task Blocking_work_takes_every_shape_and_refuses_async_work_at_run_time()
    {
        await using var lane = new BlockingLane(2);

        Assert.Equal(5, await lane.RunAsync(() => 5));
        Assert.Equal(5, await lane.RunAsync(token => 5));
        Assert.Equal(5, await lane.RunAsync(Five));
        Assert.Equal(5, await lane.RunAsync(FiveWithToken));
        Assert.Equal(5, await lane.RunAsync(Overloaded));
        Assert.Equal(5, await lane.RunAsync(Overloaded, OnCancel.Abandon));
        Assert.Equal(5, await Offload.RunAsync(Overloaded));
        await lane.RunAsync(Stop);
        await lane.RunAsync(() => { });
        await lane.RunAsync(token => { });
        await ThrowsAsync(() => lane.RunAsync(() => throw new FormatException()));
        await ThrowsAsync(() => lane.RunAsync(token => throw new FormatException()));
        await ThrowsAsync(() => Offload.RunAsync(() => throw new FormatException(), OnCancel.Abandon));
        Assert.Equal(Items, await Items.FanOutBlockingAsync(lane, (item, token) => item));
        Assert.Equal(Items, await Items.FanOutBlockingAsync(2, Identity));
        await Items.FanOutBlockingAsync(lane, (item, token) => { });
        await ThrowsAsync(() => Items.FanOutBlockingAsync(lane, Options, (item, token) => throw new FormatException()));

        await Assert.ThrowsAsync<ArgumentException>(() => lane.RunAsync(async () => await StopAsync()));
        await Assert.ThrowsAsync<ArgumentException>(() => lane.RunAsync(async token => await StopAsync(token)));
        await Assert.ThrowsAsync<ArgumentException>(() => lane.RunAsync(StopAsync, default(CancellationToken)));
        await Assert.ThrowsAsync<ArgumentException>(() => lane.RunAsync(StopValueAsync, default(CancellationToken)));
        await Assert.ThrowsAsync<ArgumentException>(() => Offload.RunAsync(async () => await StopAsync()));
        await Assert.ThrowsAsync<ArgumentException>(() => Items.FanOutBlockingAsync(lane, async (item, token) => await DoAsync(item, token)));
        await Assert.ThrowsAsync<ArgumentException>(() => Items.FanOutBlockingAsync(lane, DoValueAsync));

        static int Five() => 5;

        static int FiveWithToken(CancellationToken token) => 5;

        static int Identity(int item, CancellationToken token) => item;
    }

    private static int Overloaded() => 5;

    private static int Overloaded(CancellationToken token) => 5;

    [Fact]
    public async Task AsyncLazy_and_AsyncPool_take_every_shape()
    {
        AsyncLazy<string>[] lazies =
        [
            new(token => Task.FromResult("open")),
            new(token => new ValueTask<string>("open")),
            new(async token => await OpenAsync(token)),
            new(OpenAsync),
            new(OpenValueAsync),
        ];
        AsyncPoolOptions<string>[] pools =
        [
            new(1, token => Task.FromResult("open")),
            new(1, token => new ValueTask<string>("open")),
            new(1, async token => await OpenAsync(token)),
            new(1, OpenAsync) { Name = "tasks" },
            new(1, OpenValueAsync),
            new() { MaxSize = 1, Create = OpenValueAsync },
        ];

        foreach (var lazy in lazies)
        {
            Assert.Equal("open", await lazy.GetAsync());
        }

        foreach (var options in pools)
        {
            await using var pool = new AsyncPool<string>(options);
            await using var lease = await pool.RentAsync();
            Assert.Equal("open", lease.Value);
        }

        await ThrowsAsync(async () => await new AsyncLazy<string>(token => throw new FormatException()).GetAsync());
        await ThrowsAsync(async () => await new AsyncPool<string>(new(1, token => throw new FormatException())).RentAsync());
    }

    [Fact]
    public async Task AsyncResource_takes_every_shape()
    {
        AsyncResource<string>[] all =
        [
            AsyncResource.Create(token => Task.FromResult("open"), (one, token) => Task.CompletedTask),
            AsyncResource.Create(token => new ValueTask<string>("open"), (one, token) => ValueTask.CompletedTask),
            AsyncResource.Create(async token => await OpenAsync(token), async (one, token) => await StopAsync(token)),
            AsyncResource.Create(OpenAsync, CloseAsync),
            AsyncResource.Create(OpenAsync, CloseValueAsync),
            AsyncResource.Create(OpenValueAsync, CloseAsync),
            AsyncResource.Create(OpenValueAsync, CloseValueAsync),
        ];

        foreach (var one in all)
        {
            Assert.Equal(4, await one.UseAsync((text, token) => Task.FromResult(text.Length)));
            Assert.Equal(4, await one.UseAsync((text, token) => new ValueTask<int>(text.Length)));
            await one.UseAsync(async (text, token) => await StopAsync(token));
            await one.UseAsync(CloseAsync);
            await one.UseAsync(CloseValueAsync);
            await ThrowsAsync(() => one.UseAsync((text, token) => throw new FormatException()));
        }

        static Task CloseAsync(string one, CancellationToken token) => Task.CompletedTask;

        static ValueTask CloseValueAsync(string one, CancellationToken token) => default;
    }

    [Fact]
    public async Task AsyncScope_takes_every_shape_and_awaits_each_cleanup_that_returns_a_task()
    {
        var gate = TestGate.Opened();
        await using (var scope = new AsyncScope())
        {
            scope.Defer(Stop);
            scope.Defer(() => { });
            scope.Defer(StopAsync);
            scope.Defer(StopValueAsync);
            scope.Defer(() => YieldAndPassAsync());
            scope.Defer(() => new ValueTask(YieldAndPassAsync()));
            scope.Defer(async () => await YieldAndPassAsync());
            scope.DeferAsync(token => YieldAndPassAsync());
            scope.DeferAsync(token => new ValueTask(YieldAndPassAsync()));
            scope.DeferAsync(async token => await YieldAndPassAsync());
            scope.DeferAsync(StopAsync);
            scope.DeferAsync(StopValueAsync);
            Assert.Equal("open", await scope.EnterAsync(OpenAsync, (one, token) => YieldAndPassAsync()));
            Assert.Equal("open", await scope.EnterAsync(OpenValueAsync, async (one, token) => await YieldAndPassAsync()));
            Assert.Equal("open", await scope.EnterAsync(async token => await OpenAsync(token), CloseAsync));
            Assert.Equal("open", await scope.EnterAsync(OpenValueAsync, CloseAsync));
            await using var none = await scope.EnterAsync(async token => new MemoryStream());
            await using var other = await scope.EnterAsync(token => Task.FromResult(new MemoryStream()));
        }

        Assert.Equal(8, gate.Arrivals);
        await FailsOnDisposalAsync(scope => scope.Defer(() => throw new FormatException()));
        await FailsOnDisposalAsync(scope => scope.DeferAsync(token => throw new FormatException()));
        await ThrowsAsync(() => AsyncScope.RunAsync((scope, token) => throw new FormatException()));
        Assert.Equal(1, await AsyncScope.RunAsync((scope, token) => Task.FromResult(1)));
        Assert.Equal(1, await AsyncScope.RunAsync(async (scope, token) => await GetAsync(1, token)));

        async Task YieldAndPassAsync()
        {
            await Task.Yield();
            await gate.PassAsync();
        }

        static Task CloseAsync(string one, CancellationToken token) => Task.CompletedTask;

        static async Task FailsOnDisposalAsync(Action<AsyncScope> add)
        {
            var scope = new AsyncScope();
            add(scope); // Throws nothing yet.
            await ThrowsAsync(async () => await scope.DisposeAsync());
        }
    }

    [Fact]
    public async Task TaskScope_takes_every_shape()
    {
        await using var scope = TaskScope.Open(new TaskScopeOptions { Policy = TaskScopePolicy.RunToEnd });

        Assert.Equal("open", await scope.Run(token => Task.FromResult("open")));
        Assert.Equal("open", await scope.Run(token => new ValueTask<string>("open")));
        Assert.Equal("open", await scope.Run(async token => await OpenAsync(token)));
        Assert.Equal("open", await scope.Run(OpenAsync));
        Assert.Equal("open", await scope.Run(OpenValueAsync));
        await scope.Run(token => Task.CompletedTask);
        await scope.Run(token => ValueTask.CompletedTask);
        await scope.Run(async token => await StopAsync(token));
        await scope.Run(StopAsync);
        await scope.Run(StopValueAsync);
        await ThrowsAsync(() => scope.Run(token => throw new FormatException()));
        await Assert.ThrowsAsync<AggregateException>(scope.JoinAsync);
    }

    [Fact]
    public async Task GracefulShutdown_takes_every_shape()
    {
        var options = new GracefulShutdownOptions { Signals = [] };
        var hooks = 0;

        Assert.Equal(0, await GracefulShutdown.RunAsync(shutdown => Task.CompletedTask, options));
        Assert.Equal(0, await GracefulShutdown.RunAsync(shutdown => ValueTask.CompletedTask, options));
        Assert.Equal(0, await GracefulShutdown.RunAsync(MainAsync, options));
        Assert.Equal(0, await GracefulShutdown.RunAsync(MainValueAsync, options));
        await ThrowsAsync(() => GracefulShutdown.RunAsync(shutdown => throw new FormatException(), options));
        Assert.Equal(0, await GracefulShutdown.RunAsync(async shutdown =>
        {
            shutdown.OnStopping(StopAsync);
            shutdown.OnStopping(StopValueAsync);
            shutdown.OnStopped(StopAsync);
            shutdown.OnStopped(StopValueAsync);
            shutdown.OnStopping(token => CountAsync());
            shutdown.OnStopping(async token => await CountAsync());
            shutdown.OnStopped(token => new ValueTask(CountAsync()));
            shutdown.OnStopped(async token => await CountAsync());
            shutdown.Stop();
            await Task.Delay(Timeout.Infinite, shutdown.Stopping);
        }, options));

        Assert.Equal(4, hooks);

        static Task MainAsync(GracefulShutdown shutdown) => Task.CompletedTask;

        static ValueTask MainValueAsync(GracefulShutdown shutdown) => default;

        async Task CountAsync()
        {
            await Task.Yield();
            hooks++;
        }
    }

    [Fact]
    public void Options_of_a_limit_are_short()
    {
        FanOutOptions options = new(8) { Name = "x" };

        Assert.Equal(new FanOutOptions { MaxConcurrency = 8, Name = "x" }, options);
        Assert.Throws<ArgumentOutOfRangeException>("maxConcurrency", () => new FanOutOptions(0));
        Assert.Throws<ArgumentOutOfRangeException>("maxThreads", () => new BlockingLane(0));
        Assert.Throws<ArgumentOutOfRangeException>("maxSize", () => new AsyncPoolOptions<string>(0, OpenAsync));
        Assert.Throws<ArgumentNullException>("create", () => new AsyncPoolOptions<string>(1, (Func<CancellationToken, Task<string>>)null!));
        Assert.Throws<ArgumentNullException>("create", () => new AsyncPoolOptions<string>(1, (Func<CancellationToken, ValueTask<string>>)null!));
    }

    private static async IAsyncEnumerable<int> Streamed()
    {
        foreach (var item in Items)
        {
            await Task.Yield();
            yield return item;
        }
    }

    private static async Task ThrowsAsync(Func<Task> call) =>
        await Assert.ThrowsAsync<FormatException>(() => call().OrHangs());

    private static async Task YieldsItemsAsync(IAsyncEnumerable<int> stream)
    {
        var results = new List<int>();
        await foreach (var result in stream)
        {
            results.Add(result);
        }

        Assert.Equal(Items, results);
    }

    private static async Task SucceedsAsync<T>(IAsyncEnumerable<T> stream)
    {
        var outcomes = new List<string>();
        await foreach (var outcome in stream)
        {
            outcomes.Add(outcome!.ToString()!);
        }

        Assert.Equal(3, outcomes.Count);
        Assert.All(outcomes, outcome => Assert.Contains("Succeeded", outcome, StringComparison.Ordinal));
    }
}
