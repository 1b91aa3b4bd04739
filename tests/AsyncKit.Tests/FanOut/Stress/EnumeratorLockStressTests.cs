namespace AsyncKit.Tests;

/// <summary>
/// The lock on real threads, with its invariants: one holder at a time, no waiter while the lock is free, and no waiter
/// after it closes. A lost wake-up shows as a hang.
/// </summary>
public sealed class EnumeratorLockStressTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "EnumeratorLock")]
    public Task The_lock_has_one_holder_at_a_time_and_wakes_every_worker() => StressTime.RunAsync(async seed =>
    {
        foreach (var limit in (int[])[2, 3, 16, 200])
        {
            await RoundAsync(limit, seed);
        }
    });

    private static async Task RoundAsync(int limit, int seed)
    {
        const int Pulls = 2_000;
        var gate = new EnumeratorLock();
        var (pulls, holders, overlaps, started) = (0, 0, 0, 1);
        var all = new CountdownEvent(1);

        Start();
        await Task.Run(all.Wait).OrHangs();

        Assert.Equal(0, overlaps);
        Assert.Equal(Pulls, pulls);
        Assert.InRange(started, 1, limit);
        Assert.True(gate.IsClosed);

        void Start() => _ = Task.Run(() => WorkAsync(new Random((seed * 1_000) + started)));

        async Task WorkAsync(Random random)
        {
            var place = new EnumeratorLock.Waiter(isComing: true);
            while (true)
            {
                while (!gate.TryEnter(place))
                {
                    await gate.ParkAsync(place);
                }

                if (gate.IsClosed)
                {
                    break;
                }

                overlaps += Interlocked.Increment(ref holders) == 1 ? 0 : 1;
                await StressTime.PauseAsync(random);
                var isLast = ++pulls == Pulls;
                Interlocked.Decrement(ref holders);
                if (isLast)
                {
                    gate.Close();
                    break;
                }

                if (gate.Release(started < limit))
                {
                    all.AddCount();
                    started++;
                    Start();
                }

                await StressTime.PauseAsync(random);
            }

            all.Signal();
        }
    }
}
