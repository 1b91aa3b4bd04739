namespace AsyncKit.Tests;

/// <summary>How a fan-out uses an enumerator that blocks, and on which threads and in which contexts.</summary>
public abstract class PulledFanOutThreadContract(PulledSubject subject, World world, NothingLeftBehind leaks)
    : PulledFanOutContract(subject, world, leaks)
{
    [Fact]
    public async Task A_slow_or_blocking_MoveNext_occupies_at_most_one_thread_pool_thread()
    {
        using var unblock = new ManualResetEventSlim();
        var gate = new TestGate();
        var source = new ProbedSource(40)
        {
            OnMoveNext = pulled =>
            {
                if (pulled == 32)
                {
                    unblock.Wait();
                }
            },
        };
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            }),
            Limit(32),
            CancellationToken.None).RunAsync();
        await gate.ArrivedAsync(32);
        gate.Open(); // Now all 32 workers need the next item, and the one that enters MoveNext blocks.

        await Hang.UntilAsync(() => pulled.Lock.ParkedWorkers == 31); // The other workers have released their threads.
        unblock.Set();

        Assert.Equal(40, (await run.OrHangs()).Length);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task The_limit_is_reached_again_after_workers_waited_for_the_source()
    {
        var (slow, rest) = (new TestGate(), new TestGate());
        using var next = new SemaphoreSlim(0);
        var source = new ProbedSource(8) { OnMoveNext = pulled => next.Wait(TimeSpan.FromSeconds(30)) };
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await (item < 4 ? slow : rest).PassAsync(token);
                return item;
            }),
            Limit(4),
            CancellationToken.None).RunAsync();
        next.Release(4);
        await slow.ArrivedAsync(4);
        slow.Open();
        await Hang.UntilAsync(() => pulled.Lock.ParkedWorkers == 3); // The fourth worker is in MoveNext.

        next.Release(5);
        await rest.ArrivedAsync(4); // No operation completes before all four have started.
        rest.Open();

        Assert.Equal(8, (await run.OrHangs()).Length);
        Assert.Equal(4, rest.Peak);
        AssertUsedProperly(source);
    }

    [Fact]
    public async Task The_source_observes_the_context_of_the_caller_and_not_that_of_an_item()
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new HashSet<string?>(StringComparer.Ordinal);
        var source = new ProbedSource(50)
        {
            OnMoveNext = _ => seen.Add(local.Value),
            OnDispose = () => seen.Add(local.Value),
        };
        var pulled = Create(source);
        var run = new FanOutRun<int, int>(
            null,
            pulled,
            new Operation<int, int>((item, _) =>
            {
                // The first item completes after the other worker found the end, so its worker exits last.
                Assert.True(item > 0 || SpinWait.SpinUntil(() => pulled.Lock.IsClosed, TimeSpan.FromSeconds(30)));
                local.Value = "item";
                return new ValueTask<int>(item);
            }),
            Limit(2),
            CancellationToken.None).RunAsync();
        local.Value = "later";
        await run.OrHangs();

        Assert.Equal("caller", Assert.Single(seen));
    }

    [Fact]
    public async Task The_source_never_runs_on_the_callers_thread()
    {
        var source = new ProbedSource(20);
        var run = Task.CompletedTask;
        var caller = new Thread(() => run = FanOutAsync(source, Limit(3), (item, _) => new ValueTask<int>(item)));

        caller.Start();
        caller.Join();
        await run.OrHangs();

        Assert.NotEmpty(source.Threads);
        Assert.DoesNotContain(caller.ManagedThreadId, source.Threads);
    }

    [Fact]
    public async Task The_source_is_not_disposed_inside_Cancel_even_if_operations_await_the_callers_token()
    {
        using var cts = new CancellationTokenSource();
        var (gate, source) = (new TestGate(), new ProbedSource(20));
        var run = FanOutAsync(
            source,
            Limit(3),
            async (item, _) =>
            {
                await gate.PassAsync(cts.Token).ConfigureAwait(false); // Continues inside Cancel.
                return item;
            },
            cts.Token);
        await gate.ArrivedAsync(3);

        var canceller = new Thread(cts.Cancel);
        canceller.Start();
        canceller.Join();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal(1, source.Disposed);
        Assert.DoesNotContain(canceller.ManagedThreadId, source.Threads);
    }
}
