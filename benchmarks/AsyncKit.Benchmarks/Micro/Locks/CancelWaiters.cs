using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>The time to cancel 80,000 waiters, in one queue or in eight. The ratio of a linear cost is one.</summary>
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(5)]
public class CancelWaiters
{
    private const int Waiters = 80_000;
    private const int Queues = 8;

    private readonly CancellationTokenSource[] _sources = new CancellationTokenSource[Waiters];
    private Task[] _waits = [];

    /// <summary>The object that the callers wait for.</summary>
    [Params(Waited.Lock, Waited.Gate, Waited.Lazy)]
    public Waited For { get; set; }

    [IterationSetup(Target = nameof(EightQueues))]
    public void StartEightQueues() => Start(Queues, isShuffled: false);

    [IterationSetup(Target = nameof(EightQueuesInAnyOrder))]
    public void StartEightQueuesInAnyOrder() => Start(Queues, isShuffled: true);

    [IterationSetup(Target = nameof(OneQueue))]
    public void StartOneQueue() => Start(queues: 1, isShuffled: false);

    [IterationSetup(Target = nameof(OneQueueInAnyOrder))]
    public void StartOneQueueInAnyOrder() => Start(queues: 1, isShuffled: true);

    [Benchmark(Baseline = true)]
    public void EightQueues() => Cancel();

    [Benchmark]
    public void EightQueuesInAnyOrder() => Cancel();

    [Target("cancel 80,000 waiters of a lock", Case = Waited.Lock, Against = nameof(EightQueues), TimeRatio = 2, Milliseconds = 150)]
    [Target("cancel 80,000 waiters of a gate", Case = Waited.Gate, Against = nameof(EightQueues), TimeRatio = 2, Milliseconds = 150)]
    [Target("cancel 80,000 waiters of AsyncLazy", Case = Waited.Lazy, Against = nameof(EightQueues), TimeRatio = 2, Milliseconds = 150)]
    [Benchmark]
    public void OneQueue() => Cancel();

    [Target("the same, a lock, in random order", Case = Waited.Lock, Against = nameof(EightQueuesInAnyOrder), TimeRatio = 2, Milliseconds = 150)]
    [Target("the same, a gate, in random order", Case = Waited.Gate, Against = nameof(EightQueuesInAnyOrder), TimeRatio = 2, Milliseconds = 150)]
    [Target("the same, AsyncLazy, in random order", Case = Waited.Lazy, Against = nameof(EightQueuesInAnyOrder), TimeRatio = 2, Milliseconds = 150)]
    [Benchmark]
    public void OneQueueInAnyOrder() => Cancel();

    /// <summary>Waits until every waiter has left, which the time of the benchmark does not include.</summary>
    [IterationCleanup]
    public void Cleanup()
    {
        Task.WhenAll(_waits).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        if (!Array.TrueForAll(_waits, wait => wait.IsCanceled))
        {
            throw new InvalidOperationException("A wait was not cancelled.");
        }

        Array.ForEach(_sources, source => source.Dispose());
    }

    private static Func<CancellationToken, Task> Queue(Waited waited)
    {
        var held = new AsyncLock();
        var paused = new ConcurrencyGate(0);
        var lazy = new AsyncLazy<int>(async token =>
        {
            await Task.Delay(Timeout.Infinite, token).ConfigureAwait(false);
            return 1;
        });
        _ = held.TryAcquire(out _);
        return waited switch
        {
            Waited.Lock => token => held.AcquireAsync(token).AsTask(),
            Waited.Gate => token => paused.AcquireAsync(token).AsTask(),
            _ => token => lazy.GetAsync(token).AsTask(),
        };
    }

    private void Start(int queues, bool isShuffled)
    {
        var wait = Enumerable.Range(0, queues).Select(_ => Queue(For)).ToArray();
        _waits = new Task[Waiters];
        for (var waiter = 0; waiter < Waiters; waiter++)
        {
            _sources[waiter] = new CancellationTokenSource();
            _waits[waiter] = wait[waiter % queues](_sources[waiter].Token);
        }

        if (isShuffled)
        {
            new Random(1).Shuffle(_sources);
        }
    }

    private void Cancel()
    {
        foreach (var source in _sources)
        {
            source.Cancel();
        }
    }
}
