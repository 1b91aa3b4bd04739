using System.Diagnostics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Allocation budgets of operations that succeed in time, in steady state. The benchmarks measure
/// times.</summary>
public sealed class ResilienceBudgetTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private const int Calls = 20_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static readonly RetryOptions Limited = new() { AttemptTimeout = Limit, TotalTimeout = Limit };

    /// <summary>In an unoptimized build, each async method that waits allocates its state machine.</summary>
    private static readonly int DebugBytesPerWait = typeof(Deadline).Assembly
        .GetCustomAttributes(typeof(DebuggableAttribute), inherit: false)
        .OfType<DebuggableAttribute>().Any(attribute => attribute.IsJITOptimizerDisabled) ? 1_500 : 0;

    private readonly CancellationTokenSource _caller = new();

    public ResilienceBudgetTests() => ThreadPoolListener.Stop(); // A listener that another test started allocates.

    public void Dispose() => _caller.Dispose();

    public static TheoryData<string> Methods() =>
        ["deadline", "deadline without result", "retry", "retry without result"];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task An_operation_that_completes_synchronously_allocates_nothing(string method)
    {
        Func<CancellationToken, ValueTask<int>> operation = static _ => new ValueTask<int>(1);
        Func<CancellationToken, ValueTask> withoutResult = static _ => default;

        Assert.InRange(await AllocatedAsync(method, operation, withoutResult), 0, 0.5);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task An_operation_that_waits_allocates_nothing(string method) =>
        Assert.InRange(await AllocatedAsync(method, YieldAsync, YieldWithoutResultAsync), 0, 0.5 + DebugBytesPerWait);

    [Fact]
    public async Task Attempt_and_total_timeouts_allocate_nothing() => Assert.InRange(
        await AllocatedAsync(
            () => Retry.RunAsync(static _ => new ValueTask<int>(1), Limited, _caller.Token)),
        0,
        0.5 + DebugBytesPerWait);

    private Task<double> AllocatedAsync(
        string method,
        Func<CancellationToken, ValueTask<int>> operation,
        Func<CancellationToken, ValueTask> withoutResult) => method switch
        {
            "deadline" => AllocatedAsync(() => Deadline.RunAsync(operation, Limit, _caller.Token)),
            "retry" => AllocatedAsync(() => Retry.RunAsync(operation, null, _caller.Token)),
            "deadline without result" => AllocatedAsync(() => Deadline.RunAsync(withoutResult, Limit, _caller.Token)),
            _ => AllocatedAsync(() => Retry.RunAsync(withoutResult, null, _caller.Token)),
        };

    /// <summary>Returns the bytes per call: the minimum of six rounds, because the rest of the process allocates,
    /// too.</summary>
    private static async Task<double> AllocatedAsync<T>(Func<ValueTask<T>> call) =>
        await MinBytesAsync(async () =>
        {
            for (var i = 0; i < Calls; i++)
            {
                _ = await call().ConfigureAwait(false);
            }
        });

    private static async Task<double> AllocatedAsync(Func<ValueTask> call) =>
        await MinBytesAsync(async () =>
        {
            for (var i = 0; i < Calls; i++)
            {
                await call().ConfigureAwait(false);
            }
        });

    private static async Task<double> MinBytesAsync(Func<Task> run)
    {
        var min = long.MaxValue;
        for (var round = 0; round < 6; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await Task.Run(run);
            min = Math.Min(min, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return (double)min / Calls;
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
