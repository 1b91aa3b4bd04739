using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>A fan-out compared with its model, the sequential map, with random parameters.</summary>
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
    public void RunToEnd_reports_exactly_the_failed_items_in_source_order() =>
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
    public void StopAtFirst_fails_with_a_failed_item_if_any_item_fails() =>
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
        public Task<int[]> RunAsync(FailureMode mode, Func<int, ValueTask<int>> operation)
        {
            var options = new FanOutOptions { MaxConcurrency = Limit, OnFailure = mode };
            return Kind switch
            {
                0 => Items.FanOutAsync(options, (item, _) => operation(item)),
                1 => Items.Where(_ => true).FanOutAsync(options, (item, _) => operation(item)),
                _ => StreamAsync().FanOutAsync(options, (item, _) => operation(item)),
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
