using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>Compares a partition with the sequential map, on real threads: it changes only when items run.</summary>
public sealed class FanOutPartitionProperties : IClassFixture<NothingLeftBehind>
{
    private static readonly Arbitrary<Script> Scripts = Arb.From(
        from items in Gen.Choose(0, 40).ListOf()
        from limit in Gen.Choose(1, 9)
        from maxPerKey in Gen.Choose(1, 4)
        from maxParked in Gen.Choose(1, 12)
        from keys in Gen.Choose(1, 6)
        from entry in Gen.Choose(0, 7)
        select new Script([.. items], limit, maxPerKey, maxParked, keys, entry));

    [Fact]
    public void Any_partition_returns_the_results_of_the_sequential_map() =>
        Prop.ForAll(Scripts, script =>
        {
            var watch = new KeyWatch(item => item % script.Keys);
            var results = Wait(script.RunAsync(async (item, _) =>
            {
                watch.Start(item);
                for (var i = item % 4; i > 0; i--)
                {
                    await Task.Yield();
                }

                watch.End(item);
                return item * 3;
            }));
            return results.SequenceEqual(script.Items.Select(item => item * 3))
                && watch.Peak <= script.Limit && watch.PeakOfAKey <= script.MaxPerKey;
        }).QuickCheckThrowOnFailure();

#pragma warning disable VSTHRD002 // A property is synchronous; the fan-out never needs this thread.
    private static int[] Wait(Task<int[]> run) => run.OrHangs().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    private sealed record Script(int[] Items, int Limit, int MaxPerKey, int MaxParked, int Keys, int Entry)
    {
        public Task<int[]> RunAsync(Func<int, CancellationToken, ValueTask<int>> operation)
        {
            var options = new FanOutOptions
            {
                MaxConcurrency = Limit,
                Partition = FanOutPartition.By((int item) => item % Keys, MaxPerKey) with { MaxParked = MaxParked },
            };
            FanOutSubject subject = Entry switch
            {
                0 => new FanOutSubjects.Async(SourceKind.Array),
                1 => new FanOutSubjects.Async(SourceKind.ImmutableArray),
                2 => new FanOutSubjects.Async(SourceKind.LazyEnumerable),
                3 => new FanOutSubjects.Async(SourceKind.AsyncEnumerable),
                4 => new FanOutSubjects.Report(SourceKind.ChannelReader),
                5 => new FanOutSubjects.Report(SourceKind.List),
                6 => new FanOutSubjects.Streamed(SourceKind.AsyncEnumerable, FanOutOrder.Source),
                _ => new FanOutSubjects.Outcomes(SourceKind.Array, FanOutOrder.Source),
            };
            return subject.FanOutAsync(Items, options, operation, CancellationToken.None);
        }
    }
}
