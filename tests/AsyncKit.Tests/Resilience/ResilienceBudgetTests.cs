using System.Diagnostics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Allocation budgets of operations that succeed in time, in steady state. Times are benchmarks.</summary>
public sealed class ResilienceBudgetTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int Calls = 20_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static readonly RetryOptions Limited = new() { AttemptTimeout = Limit, TotalTimeout = Limit };

    /// <summary>Unoptimized, each async method that waits has an object for its locals.</summary>
    private static readonly int BytesOfAWait = typeof(Deadline).Assembly
        .GetCustomAttributes(typeof(DebuggableAttribute), inherit: false)
        .OfType<DebuggableAttribute>().Any(attribute => attribute.IsJITOptimizerDisabled) ? 1_500 : 0;

    private readonly CancellationTokenSource _caller = new();

    public ResilienceBudgetTests() => ThreadPoolListener.Stop(); // What other tests have switched on allocates.

    public void Dispose() => _caller.Dispose();

    public static TheoryData<string> Calling() => ["deadline", "deadline without result", "retry", "retry without result"];

    [Theory]
    [MemberData(nameof(Calling))]
    public async Task An_operation_that_has_ended_at_once_allocates_nothing(string call)
    {
        Func<CancellationToken, ValueTask<int>> operation = static _ => new ValueTask<int>(1);
        Func<CancellationToken, ValueTask> withoutResult = static _ => default;

        Assert.InRange(await AllocatedAsync(call, operation, withoutResult), 0, 0.5);
    }

    [Theory]
    [MemberData(nameof(Calling))]
    public async Task An_operation_that_waits_allocates_nothing(string call) =>
        Assert.InRange(await AllocatedAsync(call, YieldAsync, YieldWithoutResultAsync), 0, 0.5 + BytesOfAWait);

    [Fact]
    public async Task Limits_of_attempts_and_of_all_allocate_nothing() => Assert.InRange(
        await AllocatedAsync(
            () => Retry.RunAsync(static _ => new ValueTask<int>(1), Limited, _caller.Token)), 0, 0.5 + BytesOfAWait);

    private Task<double> AllocatedAsync(
        string call,
        Func<CancellationToken, ValueTask<int>> operation,
        Func<CancellationToken, ValueTask> withoutResult) => call switch
        {
            "deadline" => AllocatedAsync(() => Deadline.RunAsync(operation, Limit, _caller.Token)),
            "retry" => AllocatedAsync(() => Retry.RunAsync(operation, null, _caller.Token)),
            "deadline without result" => AllocatedAsync(() => Deadline.RunAsync(withoutResult, Limit, _caller.Token)),
            _ => AllocatedAsync(() => Retry.RunAsync(withoutResult, null, _caller.Token)),
        };

    /// <summary>Per call; the least of some rounds, since what else the process does meanwhile is not ours.</summary>
    private static async Task<double> AllocatedAsync<T>(Func<ValueTask<T>> call) =>
        await LeastAsync(async () =>
        {
            for (var i = 0; i < Calls; i++)
            {
                _ = await call().ConfigureAwait(false);
            }
        });

    private static async Task<double> AllocatedAsync(Func<ValueTask> call) =>
        await LeastAsync(async () =>
        {
            for (var i = 0; i < Calls; i++)
            {
                await call().ConfigureAwait(false);
            }
        });

    private static async Task<double> LeastAsync(Func<Task> run)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 6; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await Task.Run(run);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return (double)least / Calls;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<int> YieldAsync(CancellationToken token)
    {
        await Task.Yield();
        return 1;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask YieldWithoutResultAsync(CancellationToken token) => await Task.Yield();
}
