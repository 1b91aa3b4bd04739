using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>Fan-out against its model, the sequential map, with everything drawn at random.</summary>
public sealed class FanOutProperties : IClassFixture<NothingLeftBehind>
{
    private static readonly Arbitrary<Script> Scripts = Arb.From(
        from items in Gen.Choose(0, 30).ListOf()
        from limit in Gen.Choose(1, 12)
        from yields in Gen.Choose(0, 5)
        from kind in Gen.Choose(0, 2)
        from failing in Gen.Choose(-40, 30)
        select new Script([.. items], limit, yields, kind, failing));

    [Fact]
    public void Fan_out_equals_the_sequential_map() =>
        Prop.ForAll(Scripts, script =>
        {
            var expected = script.Items.Select(item => item * 3);
            var results = Wait(script.RunAsync(FailureMode.StopAtFirst, async item =>
            {
                await script.PauseAsync(item);
                return item * 3;
            }));
            return results.SequenceEqual(expected);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void RunToEnd_fails_with_exactly_the_items_that_fail_in_source_order() =>
        Prop.ForAll(Scripts, script =>
        {
            var expected = script.Items.Select((item, index) => (item, index))
                .Where(one => one.item == script.Failing).Select(one => one.index);
            var run = script.RunAsync(FailureMode.RunToEnd, script.MayFailAsync);
            return FailureOf(run) switch
            {
                FanOutException all => all.Failures.Select(failure => failure.Index).SequenceEqual(expected),
                null => !expected.Any(),
                _ => false,
            };
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void StopAtFirst_fails_with_an_item_that_fails_if_there_is_one() =>
        Prop.ForAll(Scripts, script =>
        {
            var failure = FailureOf(script.RunAsync(FailureMode.StopAtFirst, script.MayFailAsync));
            return failure is null
                ? !script.Items.Contains(script.Failing)
                : script.Items[(int)failure.Data["AsyncKit.Index"]!] == script.Failing;
        }).QuickCheckThrowOnFailure();

#pragma warning disable VSTHRD002 // A property is synchronous; the fan-out never needs this thread.
    private static int[] Wait(Task<int[]> run) => run.OrHangs().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    private static Exception? FailureOf(Task<int[]> run) => Record.Exception(() => Wait(run));

    private sealed record Script(int[] Items, int Limit, int Yields, int Kind, int Failing)
    {
        public Task<int[]> RunAsync(FailureMode mode, Func<int, ValueTask<int>> body)
        {
            var options = new FanOutOptions { MaxConcurrency = Limit, OnFailure = mode };
            return Kind switch
            {
                0 => Items.FanOutAsync(options, (item, _) => body(item)),
                1 => Items.Where(_ => true).FanOutAsync(options, (item, _) => body(item)),
                _ => StreamAsync().FanOutAsync(options, (item, _) => body(item)),
            };
        }

        public async ValueTask<int> MayFailAsync(int item)
        {
            await PauseAsync(item);
            return item == Failing ? throw new InvalidOperationException() : item;
        }

        public async Task PauseAsync(int item)
        {
            for (var i = Yields * (item % 3); i > 0; i--)
            {
                await Task.Yield();
            }
        }

        private async IAsyncEnumerable<int> StreamAsync()
        {
            foreach (var item in Items)
            {
                await PauseAsync(item);
                yield return item;
            }
        }
    }
}
