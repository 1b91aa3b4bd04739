namespace AsyncKit.Benchmarks;

/// <summary>A scenario as the command line and the reports know it.</summary>
internal sealed record ScenarioKind
{
    public static IReadOnlyList<ScenarioKind> All { get; } =
        [HttpScenario.Kind, DownloadScenario.Kind, BlockingScenario.Kind, CpuScenario.Kind];

    /// <summary>The name on the command line.</summary>
    public required string Name { get; init; }

    public required int DefaultItems { get; init; }

    public required int QuickItems { get; init; }

    /// <summary>What the items are.</summary>
    public required string Things { get; init; }

    /// <summary>The work in a sentence.</summary>
    public required string Work { get; init; }

    /// <summary>The ways in which it is done, in the order of the reports.</summary>
    public required IReadOnlyList<Variant> Variants { get; init; }

    /// <summary>How a variant does it, with this limit.</summary>
    public required Func<Variant, int, string> Explain { get; init; }

    /// <summary>AsyncKit's way, which the headline is about.</summary>
    public required Variant Hero { get; init; }

    /// <summary>What a run shows, in a sentence. Only for a run in which the hero was measured.</summary>
    public required Func<ScenarioReport, double, string> Headline { get; init; }

    /// <summary>AsyncKit's variants in which nothing blocks the pool: they are run once more under a
    /// detector.</summary>
    public required IReadOnlyList<Variant> NeverBlocks { get; init; }

    /// <summary>Those that take so long that a warm-up over two items has to do.</summary>
    public required IReadOnlyList<Variant> WarmsUpBriefly { get; init; }

    /// <summary>What a correct result for the item with this number is.</summary>
    public required Func<int, Fetched> Expected { get; init; }

    /// <summary>The name of the item with this number, its address if it has one.</summary>
    public required Func<int, string> Url { get; init; }

    /// <summary>Whether the round's client is used: it then has open connections.</summary>
    public bool UsesClient { get; init; }

    /// <summary>Prepares a round with this client, these names and this limit.</summary>
    public required Func<HttpClient, string[], int, Scenario> Open { get; init; }
}
