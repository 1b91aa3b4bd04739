namespace AsyncKit.Tests;

/// <summary>The pair "never exceeds N" and "reaches N" on real threads, over every engine path, with everything at
/// random.</summary>
public sealed class FanOutStressTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "FanOut")]
    public Task Never_exceeds_N_and_reaches_N() => StressTime.RunAsync(async seed =>
    {
        foreach (var limit in (int[])[1, 2, 7, 64])
        {
            var source = new ProbedSource(limit * 4);
            var gate = new Gate();
            Func<int, CancellationToken, ValueTask<int>> body = async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            };

            var run = (seed % 3) switch
            {
                0 => Enumerable.Range(0, limit * 4).ToArray().FanOutAsync(limit, body),
                1 => source.FanOutAsync(limit, body),
                _ => source.AsAsync().FanOutAsync(limit, body),
            };
            await gate.ArrivedAsync(limit); // Reaches it without anybody leaving.
            gate.Open();

            Assert.Equal(Enumerable.Range(0, limit * 4), await run.OrHangs());
            Assert.Equal(limit, gate.Peak);
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "FanOut")]
    public Task Always_ends_whatever_fails_or_is_cancelled_whenever() => StressTime.RunAsync(async seed =>
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
}
