namespace AsyncKit.Benchmarks;

/// <summary>The description of a scenario for the command line and the reports.</summary>
internal sealed record ScenarioKind
{
    public static IReadOnlyList<ScenarioKind> All { get; } =
        [HttpScenario.Kind, DownloadScenario.Kind, BlockingScenario.Kind, CpuScenario.Kind];

    /// <summary>The name on the command line.</summary>
    public required string Name { get; init; }

    public required int DefaultItems { get; init; }

    public required int QuickItems { get; init; }

    /// <summary>The plural noun for the items.</summary>
    public required string Things { get; init; }

    /// <summary>The work in a sentence.</summary>
    public required string Work { get; init; }

    /// <summary>The variants of the scenario, in the order of the reports.</summary>
    public required IReadOnlyList<Variant> Variants { get; init; }

    /// <summary>Describes a variant with this limit.</summary>
    public required Func<Variant, int, string> Explain { get; init; }

    /// <summary>The variant of AsyncKit that the headline describes.</summary>
    public required Variant Hero { get; init; }

    /// <summary>Describes the result of a run in a sentence. Valid only if the hero was measured.</summary>
    public required Func<ScenarioReport, double, string> Headline { get; init; }

    /// <summary>AsyncKit's variants that never block the thread pool. An extra round runs them under a
    /// detector.</summary>
    public required IReadOnlyList<Variant> NeverBlocks { get; init; }

    /// <summary>The slow variants, which warm up over two items only.</summary>
    public required IReadOnlyList<Variant> WarmsUpBriefly { get; init; }

    /// <summary>Returns the correct result for the item with this number.</summary>
    public required Func<int, Fetched> Expected { get; init; }

    /// <summary>Returns the name of the item with this number: its address if it has one.</summary>
    public required Func<int, string> Url { get; init; }

    /// <summary>True if the scenario uses the round's client, which then has open connections.</summary>
    public bool UsesClient { get; init; }

    /// <summary>Prepares a round with this client, these names and this limit.</summary>
    public required Func<HttpClient, string[], int, Scenario> Open { get; init; }
}
