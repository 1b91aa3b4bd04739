using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Acquiring allocates nothing in steady state, contended or not, even with a cancellable token.</summary>
public sealed class PermitBudgetTests : IClassFixture<NothingLeftBehind>
{
    private const int Operations = 20_000;
    private const int Tasks = 8;

    public PermitBudgetTests() => ThreadPoolListener.Stop(); // A listener of another test would allocate.

    public static TheoryData<string> Kinds => ["lock", "gate", "keyed", "pool"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_uncontended_call_allocates_nothing(string kind)
    {
        using var cancellation = new CancellationTokenSource();
        await using var subject = new Subject(cancellation.Token);

        Assert.InRange(await AllocatedAsync(() => subject.UseAsync(kind, Operations, yields: false)), 0, 4_000);
    }

    /// <summary>Excludes the pool: its wait is an async method, whose state is an object in debug builds. A benchmark
    /// measures it.</summary>
    [Theory]
    [InlineData("lock")]
    [InlineData("gate")]
    [InlineData("keyed")]
    public async Task A_contended_wait_with_a_cancellable_token_allocates_nothing_in_steady_state(string kind)
    {
        using var cancellation = new CancellationTokenSource();
        await using var subject = new Subject(cancellation.Token);

        var allocated = await AllocatedAsync(() => Task.WhenAll(Enumerable.Range(0, Tasks)
            .Select(_ => Task.Run(() => subject.UseAsync(kind, Operations / Tasks, yields: true)))));

        Assert.InRange(allocated, 0, (Tasks * 1_000) + Operations); // Less than one byte for each wait.
    }

    private static async Task<long> AllocatedAsync(Func<Task> run)
    {
        await run().OrHangs(); // Warm-up.
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++) // The minimum excludes allocations of unrelated work.
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await run().OrHangs();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }

    /// <summary>Uses one loop per async method: each call of one allocates in debug builds.</summary>
    private sealed class Subject(CancellationToken token) : IAsyncDisposable
    {
        private readonly AsyncLock _lock = new();
        private readonly ConcurrencyGate _gate = new(2);
        private readonly KeyedLock<int> _keyed = new();
        private readonly AsyncPool<object> _pool = new(new() { MaxSize = 2, Create = _ => new(new object()) });

        public Task UseAsync(string kind, int times, bool yields) => kind switch
        {
            "lock" => UseAsync(() => _lock.AcquireAsync(token), times, yields),
            "gate" => UseAsync(() => _gate.AcquireAsync(token), times, yields),
            "keyed" => UseAsync(() => _keyed.AcquireAsync(7, token), times, yields),
            _ => UsePoolAsync(times),
        };

        public ValueTask DisposeAsync() => _pool.DisposeAsync();

        private static async Task UseAsync(Func<ValueTask<Lease>> acquireAsync, int times, bool yields)
        {
            for (var time = 0; time < times; time++)
            {
                using var lease = await acquireAsync();
                if (yields)
                {
                    await Task.Yield();
                }
            }
        }

        private async Task UsePoolAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                await using var lease = await _pool.RentAsync(token);
            }
        }
    }
}
