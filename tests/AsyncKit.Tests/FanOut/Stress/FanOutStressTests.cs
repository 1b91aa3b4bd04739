using System.Reflection;

namespace AsyncKit.Tests;

/// <summary>"Never exceeds the limit" and "reaches the limit" on real threads, over every engine path, with random
/// parameters.</summary>
public sealed class FanOutStressTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "FanOut")]
    public Task A_run_never_exceeds_its_limit_and_reaches_it() => StressTime.RunAsync(async seed =>
    {
        foreach (var limit in (int[])[1, 2, 7, 64])
        {
            var source = new ProbedSource(limit * 4);
            var gate = new TestGate();
            Func<int, CancellationToken, ValueTask<int>> operation = async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            };

            var run = (seed % 3) switch
            {
                0 => Enumerable.Range(0, limit * 4).ToArray().FanOutAsync(limit, operation),
                1 => source.FanOutAsync(limit, operation),
                _ => source.AsAsync().FanOutAsync(limit, operation),
            };
            await gate.ArrivedAsync(limit); // Reaches the limit before any operation completes.
            gate.Open();

            Assert.Equal(Enumerable.Range(0, limit * 4), await run.OrHangs());
            Assert.Equal(limit, gate.Peak);
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "FanOut")]
    public Task Every_run_completes_for_any_failure_and_cancellation() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        for (var one = 0; one < 100; one++)
        {
            var (limit, count) = (random.Next(1, 20), random.Next(0, 60));
            var (failAt, cancelAt) = (random.Next(0, 120), random.Next(0, 120));
            var fault = random.Next(6) == 0 ? (SourceFault)random.Next(1, 5) : SourceFault.None;
            var source = new ProbedSource(count) { Fault = fault, FaultAt = random.Next(60) };
            var mode = (FailureMode)random.Next(2);
            var running = 0;
            using var cts = new CancellationTokenSource();
            var options = new FanOutOptions { MaxConcurrency = limit, OnFailure = mode };

            var run = random.Next(3) switch
            {
                0 => Enumerable.Range(0, count).ToList().FanOutAsync(options, BodyAsync, cts.Token),
                1 => source.FanOutAsync(options, BodyAsync, cts.Token),
                _ => source.AsAsync().FanOutAsync(options, BodyAsync, cts.Token),
            };
            await Task.WhenAny(run).OrHangs();

            Assert.Equal(0, running);
            Assert.True(source.Disposed <= 1 && source.PeakMoveNext <= 1 && !source.DisposedWhileMoving);
            if (run.IsCompletedSuccessfully)
            {
                Assert.Equal(Enumerable.Range(0, count), await run);
                Assert.True(failAt >= count);
            }

            _ = run.Exception; // Observed.

            async ValueTask<int> BodyAsync(int item, CancellationToken token)
            {
                Interlocked.Increment(ref running);
                try
                {
                    for (var i = item % 4; i > 0; i--)
                    {
                        await Task.Yield();
                    }

                    if (item == cancelAt)
                    {
                        await cts.CancelAsync();
                    }

                    token.ThrowIfCancellationRequested();
                    return item == failAt ? throw new InvalidOperationException() : item;
                }
                finally
                {
                    Interlocked.Decrement(ref running);
                }
            }
        }

        leaks.Check();
    });

    [Fact]
    [Trait(StressTime.Trait, "FanOut")]
    public Task No_item_starts_after_the_first_failure() => StressTime.RunAsync(async seed =>
    {
        // Code for a new value type is compiled when it is first called. That delays a thread between recording the
        // failure and stopping the run, if these are two steps.
        var round = typeof(FanOutStressTests).GetMethod(nameof(FailTwiceAsync), BindingFlags.Static | BindingFlags.NonPublic)!;
        await (Task)round.MakeGenericMethod(NewType(seed)).Invoke(null, null)!;
    });

    private static Type NewType(int seed) => seed == 0
        ? typeof(int)
        : (seed % 2 == 0 ? typeof(Even<>) : typeof(Odd<>)).MakeGenericType(NewType(seed / 2));

    private static async Task FailTwiceAsync<T>()
    {
        using var both = new Barrier(2);
        var calls = 0;
        await Assert.ThrowsAsync<FormatException>(() => new T[60].FanOutAsync(2, (T _, CancellationToken _) =>
        {
            if (Interlocked.Increment(ref calls) <= 2)
            {
                both.SignalAndWait(TimeSpan.FromSeconds(30), CancellationToken.None); // Both slots are taken, then both fail.
            }

            return ValueTask.FromException(new FormatException());
        })).OrHangs();

        Assert.Equal(2, calls);
    }

    private readonly record struct Even<T>(T Value);

    private readonly record struct Odd<T>(T Value);
}
