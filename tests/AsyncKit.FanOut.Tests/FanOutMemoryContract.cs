namespace AsyncKit.Tests;

/// <summary>The thread contract, with the guarantee that an array or a list cannot make because it holds its
/// items.</summary>
public abstract class FanOutMemoryContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutCancellationContract(subject, world, leaks)
{
    [Fact]
    public async Task The_number_of_live_objects_depends_on_the_limit_and_not_on_the_items()
    {
        var made = new List<WeakReference>();
        var mostAlive = 0;

        await FanOutAsync(Made(), StopAtFirst(4), async (item, _) =>
        {
            await Task.Yield();
            if (Identity(item) % 500 == 499)
            {
                WeakReference[] before; // Items that other workers create from here on do not count.
                lock (made)
                {
                    before = [.. made];
                }

                GC.Collect();
                InterlockedMax(ref mostAlive, before.Count(one => one.IsAlive));
            }
        }).OrHangs();

        Assert.Equal(2_000, made.Count);
        Assert.InRange(mostAlive, 1, 8 + Ahead);

        static int Identity(StrongBox<int> item) => item.Value;

        static void InterlockedMax(ref int target, int value)
        {
            var seen = Volatile.Read(ref target);
            while (seen < value && seen != (seen = Interlocked.CompareExchange(ref target, value, seen)))
            {
                // Another worker was faster.
            }
        }

        IEnumerable<StrongBox<int>> Made()
        {
            for (var i = 0; i < 2_000; i++)
            {
                var item = new StrongBox<int>(i);
                lock (made)
                {
                    made.Add(new WeakReference(item));
                }

                yield return item;
            }
        }
    }
}
