using AsyncKit.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AsyncKit.Tests;

/// <summary>Fan-outs over random graphs under random schedules, against a sequential breadth-first search.</summary>
public sealed class FanOutQueueScheduledProperties : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void A_fan_out_over_a_graph_visits_what_a_sequential_search_visits() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200),
        Prop.ForAll(Graphs(), graph =>
        {
            AsyncTest.Run(
                async context =>
                {
                    var random = context.Random;
                    var visited = new Visits();
                    var queue = new FanOutQueue<int>([0], new() { Distinct = EqualityComparer<int>.Default });

                    var ended = await RunAsync(graph, queue, visited, random);

                    var expected = graph.Search();
                    Assert.Equal(expected.Order(), visited.Started.Order());
                    Assert.Equal(visited.Added, ended.InOrder ? ended.Items : visited.Added);
                    Assert.Equal(expected.Where(graph.Fails).Order(), ended.Failed.Order());
                    Assert.Equal((0, 0), (queue.Count, queue.Pending));
                    Assert.Throws<InvalidOperationException>(() => queue.Add(0));
                },
                new AsyncTestOptions { Schedules = 5 });
        }));

    private static async Task<(IEnumerable<int> Items, IEnumerable<int> Failed, bool InOrder)> RunAsync(
        Graph graph, FanOutQueue<int> queue, Visits visits, Random random)
    {
        var entry = random.Next(4);
        var options = new FanOutOptions
        {
            MaxConcurrency = random.Next(1, 6),
            OnFailure = FailureMode.RunToEnd,
            Partition = random.Next(3) == 0
                ? FanOutPartition.By((int node) => node % 3, random.Next(1, 3)) with { MaxParked = random.Next(1, 5) }
                : null,
            Retry = random.Next(3) == 0
                ? new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None, ShouldRetry = _ => true }
                : null,
        };
        if (entry >= 2)
        {
            options = options with { Lookahead = random.Next(6), Order = (FanOutOrder)random.Next(2) };
        }

        visits.Added.Add(0);
        var mayReaderAdd = entry == 3; // The stream of outcomes: the reader discovers the nodes.
        List<FanOutOutcome<int, int>> outcomes = [];
        switch (entry)
        {
            case 0:
                try
                {
                    var nodes = await queue.FanOutAsync(options, VisitAsync);
                    return (nodes, [], true);
                }
                catch (FanOutException exception)
                {
                    return (visits.Added, exception.Failures.Select(failure => (int)failure.Item!), true);
                }

            case 1:
                outcomes.AddRange((await queue.FanOutReportAsync(options, VisitAsync)).Outcomes);
                break;

            default:
                await foreach (var outcome in queue.FanOutOutcomes(options, VisitAsync))
                {
                    outcomes.Add(outcome);
                    await YieldAsync(random);
                    if (mayReaderAdd)
                    {
                        Discover(outcome.Item);
                    }
                }

                break;
        }

        return (
            outcomes.Select(outcome => outcome.Item),
            outcomes.Where(outcome => outcome.Kind == FanOutOutcomeKind.Failed).Select(outcome => outcome.Item),
            options.Order == FanOutOrder.Source);

        async ValueTask<int> VisitAsync(int node, CancellationToken token)
        {
            visits.Started.Add(node);
            await YieldAsync(random);
            if (!mayReaderAdd)
            {
                Discover(node);
                await YieldAsync(random);
            }

            return graph.Fails(node) ? throw new FormatException() : node;
        }

        void Discover(int node)
        {
            foreach (var next in graph.Links[node])
            {
                if (queue.Add(next))
                {
                    visits.Added.Add(next);
                }
            }
        }
    }

    private static async Task YieldAsync(Random random)
    {
        for (var i = random.Next(3); i > 0; i--)
        {
            await Task.Yield();
        }
    }

    private static Arbitrary<Graph> Graphs() => Arb.From(
        from count in Gen.Choose(1, 15)
        from links in Gen.ArrayOf(Gen.ArrayOf(Gen.Choose(0, count - 1)).Resize(4), count)
        from failures in Gen.ArrayOf(Gen.Choose(0, 4), count)
        select new Graph(links, failures));

    private sealed record Graph(int[][] Links, int[] Failures)
    {
        public bool Fails(int node) => Failures[node] == 0;

        /// <summary>Visits each node that can be reached from node 0 once, also through nodes that fail.</summary>
        public List<int> Search()
        {
            List<int> visited = [0];
            for (var i = 0; i < visited.Count; i++)
            {
                visited.AddRange(Links[visited[i]].Distinct().Except(visited).ToArray());
            }

            return visited;
        }
    }

    private sealed class Visits
    {
        public HashSet<int> Started { get; } = [];

        public List<int> Added { get; } = [];
    }
}
