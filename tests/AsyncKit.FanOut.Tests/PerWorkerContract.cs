namespace AsyncKit.Tests;

/// <summary>
/// The guarantees of a resource for each worker. After every run the probe checks the rules that always hold: one
/// operation at a time, none after a failure, as many resources disposed as opened, never more than the limit alive.
/// </summary>
public abstract class PerWorkerContract : FanOutTests
{
    private readonly WorkerProbes _probes;

    private protected PerWorkerContract(
        Func<WorkerProbes, FanOutSubject> subject, World world, NothingLeftBehind leaks)
        : this(new WorkerProbes(), subject, world, leaks)
    {
    }

    private PerWorkerContract(
        WorkerProbes probes, Func<WorkerProbes, FanOutSubject> subject, World world, NothingLeftBehind leaks)
        : base(subject(probes), world, leaks) => _probes = probes;

    private static FanOutOptions WithRetry(FanOutOptions options) =>
        options with { Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.None, ShouldRetry = _ => true } };

    [Fact]
    public Task The_number_of_resources_reaches_the_limit_and_never_exceeds_it() => RunAsync(async () =>
    {
        var gate = new TestGate();
        var probe = _probes.Next = new WorkerProbe { BeforeOpen = async _ => await Task.Yield() };

        var run = FanOutAsync(Enumerable.Range(0, 20), StopAtFirst(4), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(4);
        Assert.Equal(4, probe.Alive);
        gate.Open();
        await run.OrHangs();

        Assert.Equal((4, 20), (probe.Opened, probe.Used));
    });

    [Fact]
    public Task A_resource_is_opened_for_the_first_item_of_a_worker() => RunAsync(async () =>
    {
        var probe = _probes.Next = new WorkerProbe();

        await FanOutAsync(Enumerable.Range(0, 2), StopAtFirst(50), async (item, _) =>
        {
            await Task.Yield();
            return item;
        }).OrHangs();

        Assert.InRange(probe.Opened, 1, 2);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_failed_operation_costs_its_item_only(bool isBeforeAwait) => RunAsync(async () =>
    {
        var probe = _probes.Next = new WorkerProbe();

        var failure = await FailureOfAsync(FanOutAsync(Enumerable.Range(0, 20), RunToEnd(3), async (item, _) =>
        {
            for (var i = isBeforeAwait ? 0 : item % 3; i > 0; i--)
            {
                await Task.Yield();
            }

            return item % 4 == 1 ? throw new FormatException() : item;
        }));

        var all = Assert.IsType<FanOutException>(failure);
        Assert.Equal([1, 5, 9, 13, 17], all.Failures.Select(one => (int)one.Item!).Order());
        Assert.Equal(20, probe.Used);
        Assert.InRange(probe.Opened, 5, 8); // At most three workers, and a replacement for each failure.
    });

    [Fact]
    public Task A_failed_attempt_is_retried_with_a_new_resource() => RunAsync(async () =>
    {
        var probe = _probes.Next = new WorkerProbe();
        var attempts = new int[20];

        var results = await FanOutAsync(Enumerable.Range(0, 20), WithRetry(StopAtFirst(3)), async (item, _) =>
        {
            var attempt = Interlocked.Increment(ref attempts[item]);
            if (item % 2 == 0)
            {
                await Task.Yield();
            }

            return item % 4 == 1 && attempt == 1 ? throw new FormatException() : item;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, 20), results.Order());
        Assert.Equal(25, probe.Used);
        Assert.InRange(probe.Opened, 5, 8);
    });

    [Fact]
    public Task No_item_starts_while_the_resource_of_the_first_failure_is_disposed() => RunAsync(async () =>
    {
        var (both, gate, disposing) = (new TestGate(), new TestGate(), new TestGate());
        var probe = _probes.Next = new WorkerProbe { BeforeDispose = () => disposing.PassAsync() };

        var run = FanOutAsync(Enumerable.Range(0, 10), StopAtFirst(2), async (item, _) =>
        {
            both.Arrive();
            await both.ArrivedAsync(2);
            if (item == 0)
            {
                throw new FormatException();
            }

            await gate.PassAsync(CancellationToken.None);
            return item;
        });
        await disposing.ArrivedAsync(1);
        gate.Open();
        await disposing.ArrivedAsync(2); // The other worker exits.
        Assert.Equal(2, probe.Used);
        disposing.Open();

        Assert.IsType<FormatException>(await FailureOfAsync(run));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_exception_from_opening_fails_the_item_and_the_next_item_opens_again(bool isBeforeAwait) => RunAsync(async () =>
    {
        var (opens, faults) = (0, 0);
        var probe = _probes.Next = new WorkerProbe
        {
            BeforeOpen = async _ =>
            {
                if (!isBeforeAwait)
                {
                    await Task.Yield();
                }

                if (Interlocked.Increment(ref opens) <= 4)
                {
                    Interlocked.Increment(ref faults);
                    throw new TimeoutException("no server");
                }
            },
        };

        var failure = await FailureOfAsync(
            FanOutAsync(Enumerable.Range(0, 12), RunToEnd(2), (item, _) => new ValueTask<int>(item)));

        var all = Assert.IsType<FanOutException>(failure);
        Assert.Equal(4, faults);
        Assert.Equal(4, all.Failures.Count);
        Assert.All(all.Failures, one => Assert.Equal("no server", one.Exception.Message));
        Assert.Equal(8, probe.Used);
    });

    [Fact]
    public Task An_exception_from_opening_is_an_attempt_that_failed() => RunAsync(async () =>
    {
        var opens = 0;
        var probe = _probes.Next = new WorkerProbe
        {
            BeforeOpen = _ => Interlocked.Increment(ref opens) <= 2 ? throw new TimeoutException() : Task.CompletedTask,
        };

        var results = await FanOutAsync(
            Enumerable.Range(0, 6), WithRetry(StopAtFirst(2)), (item, _) => new ValueTask<int>(item)).OrHangs();

        Assert.Equal(Enumerable.Range(0, 6), results.Order());
        Assert.Equal(6, probe.Used);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_cancelled_run_disposes_every_resource(bool isOpenerDeaf) => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var (gate, opening, opens) = (new TestGate(), new TestGate(), 0);
        var probe = _probes.Next = new WorkerProbe
        {
            BeforeOpen = async token =>
            {
                if (Interlocked.Increment(ref opens) == 3)
                {
                    await opening.PassAsync(isOpenerDeaf ? default : token);
                }
            },
        };

        var run = FanOutAsync(
            Enumerable.Range(0, 9),
            StopAtFirst(3),
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            cts.Token);
        await Task.WhenAll(gate.ArrivedAsync(2), opening.ArrivedAsync(1));
        await World.CancelAsync(cts);
        opening.Open();
        var failure = await FailureOfAsync(run);

        Assert.IsAssignableFrom<OperationCanceledException>(failure);
        Assert.Equal(2, probe.Used); // An opener that ignores its token must not let an operation start.
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_exception_from_disposing_after_a_failure_is_in_that_failure(bool isRetried) => RunAsync(async () =>
    {
        _probes.Next = new WorkerProbe { DisposeFault = one => one.HasFailed ? new IOException("not closed") : null };
        var options = isRetried ? WithRetry(RunToEnd(2)) : RunToEnd(2);

        var failure = await FailureOfAsync(FanOutAsync(Enumerable.Range(0, 6), options, async (item, _) =>
        {
            await Task.Yield();
            return item == 3 ? throw new FormatException() : item;
        }));

        var one = Assert.Single(Assert.IsType<FanOutException>(failure).InnerExceptions);
        Assert.IsType<FormatException>(one);
        Assert.Equal("not closed", Assert.IsType<IOException>(one.Data["AsyncKit.DisposeException"]).Message);
    });

    [Fact]
    public Task An_exception_from_disposing_after_a_retried_failure_costs_no_item() => RunAsync(async () =>
    {
        _probes.Next = new WorkerProbe { DisposeFault = one => one.HasFailed ? new IOException("not closed") : null };
        var attempts = 0;

        var results = await FanOutAsync(Enumerable.Range(0, 6), WithRetry(StopAtFirst(2)), async (item, _) =>
        {
            await Task.Yield();
            return item == 3 && Interlocked.Increment(ref attempts) == 1 ? throw new FormatException() : item;
        }).OrHangs();

        Assert.Equal(6, results.Length);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task An_exception_from_disposing_after_a_cancellation_accompanies_it(bool isRetried) => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var gate = new TestGate();
        _probes.Next = new WorkerProbe { DisposeFault = _ => new IOException("not closed") };

        var run = FanOutAsync(
            Enumerable.Range(0, 6),
            isRetried ? WithRetry(StopAtFirst(1)) : StopAtFirst(1),
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(1);
        await World.CancelAsync(cts);
        var failure = await FailureOfAsync(run);

        Assert.IsAssignableFrom<OperationCanceledException>(failure);
        Assert.Equal("not closed", Assert.IsType<IOException>(failure.InnerException).Message);
    });

    [Fact]
    public Task An_exception_from_disposing_at_the_end_ends_the_run_with_that_error() => RunAsync(async () =>
    {
        _probes.Next = new WorkerProbe { DisposeFault = _ => new IOException("not closed") };

        var failure = await FailureOfAsync(
            FanOutAsync(Enumerable.Range(0, 4), StopAtFirst(1), (item, _) => new ValueTask<int>(item)));

        Assert.Equal("not closed", Assert.IsType<IOException>(failure).Message);
    });
}
