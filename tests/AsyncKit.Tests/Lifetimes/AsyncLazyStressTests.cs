namespace AsyncKit.Tests;

/// <summary>Lazy values on real threads: callers wait, cancel, reset and dispose at random. One factory runs at a time,
/// every wait completes, every value is disposed at most once. A lost wake-up shows as a hang.</summary>
public sealed class AsyncLazyStressTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "AsyncLazy")]
    public Task One_factory_runs_at_a_time_and_every_wait_completes() => StressTime.RunAsync(async seed =>
    {
        foreach (var callers in (int[])[2, 4, 16])
        {
            await RoundAsync(new Random(seed), callers).OrHangs();
        }

        leaks.Check();
    });

    private static async Task RoundAsync(Random random, int callers)
    {
        var (running, overlaps, made) = (0, 0, new List<Value>());
        var lazy = new AsyncLazy<Value>(MakeAsync);
        var workers = Enumerable.Range(0, callers).Select(_ => new Random(random.Next()))
            .Select(own => Task.Run(() => CallAsync(own))).ToList();

        await Task.WhenAll(workers);
        await lazy.DisposeAsync();

        Assert.Equal(0, overlaps);
        Assert.Equal(0, running);
        Assert.All(made, value => Assert.InRange(value.Disposals, 0, 1));
        Assert.EndsWith("disposed", lazy.ToString(), StringComparison.Ordinal);

        async ValueTask<Value> MakeAsync(CancellationToken token)
        {
            overlaps += Interlocked.Increment(ref running) == 1 ? 0 : 1;
            try
            {
                var kind = made.Count % 4; // One factory at a time: no lock needed.
                await Task.Yield();
                if (kind == 1)
                {
                    token.ThrowIfCancellationRequested();
                }

                made.Add(new Value());
                return kind == 2 ? throw new FormatException() : made[^1];
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }

        async Task CallAsync(Random own)
        {
            for (var call = 0; call < 50; call++)
            {
                using var cts = new CancellationTokenSource();
                var leaving = own.Next(3) == 0 ? Task.Run(cts.Cancel) : Task.CompletedTask;
                try
                {
                    Assert.NotNull(await lazy.GetAsync(cts.Token));
                }
                catch (OperationCanceledException exception)
                {
                    Assert.Equal(cts.Token, exception.CancellationToken);
                }
                catch (FormatException)
                {
                    // Thrown by the factory.
                }

                if (own.Next(4) == 0)
                {
                    lazy.Reset();
                }

                await leaving;
            }
        }
    }

    private sealed class Value : IDisposable
    {
        private int _disposals;

        public int Disposals => _disposals;

        public void Dispose() => Interlocked.Increment(ref _disposals);
    }
}
